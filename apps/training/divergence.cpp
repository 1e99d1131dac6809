#include "apps/training/divergence.h"

#include <cmath>
#include <sstream>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

namespace ebb::apps {

void Divergence::see(float loss, std::int64_t epoch, std::int64_t step) {
  if (is_certain_) return;
  on_end_ = std::isfinite(loss) ? 0 : on_end_ + 1;
  if (on_end_ == 1) epoch_ = epoch, step_ = step;
  is_certain_ = on_end_ >= patience;
}

void Divergence::must_be(std::int64_t epoch, std::int64_t step) {
  if (is_certain_) return;
  if (on_end_ == 0) epoch_ = epoch, step_ = step;
  is_certain_ = true;
}

std::string Divergence::text(double lr, const std::string& amp) const {
  std::ostringstream text;
  text << "the training has diverged: " << (step_ == 0 ? "the test loss is" : "the loss is") << " not finite from "
       << (step_ == 0 ? "" : "step " + std::to_string(step_) + " of ") << "epoch " << epoch_
       << " on; try a smaller --lr, such as " << lr / 10 << " (it was " << lr << ")";
  if (amp == "float16") text << ", or --amp bfloat16, which overflows later";
  return text.str();
}

bool is_finite(const nn::Module& net) {
  const NoGradGuard no_grad;
  for (const auto& [name, tensor] : net.state_dict()) {
    if (is_floating(tensor.dtype()) && !all(isfinite(tensor)).item<bool>()) return false;
  }
  return true;
}

}  // namespace ebb::apps
