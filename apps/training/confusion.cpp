#include "apps/training/confusion.h"

#include <numeric>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

namespace ebb::apps {

Confusion::Confusion(std::int64_t classes) : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {}

void Confusion::add(const Tensor& scores, const Tensor& labels) {
  const NoGradGuard no_grad;
  const Tensor guesses = scores.argmax(1).to(kCPU).contiguous(), truths = labels.to(kCPU).contiguous();
  check(guesses.shape() == truths.shape() && scores.size(1) == classes_, "scores of shape ", scores.shape(),
        " do not fit labels of shape ", labels.shape(), " and ", classes_, " classes");
  for (std::int64_t i = 0; i < truths.numel(); ++i) {
    const std::int64_t truth = truths.data<std::int64_t>()[i];
    check(truth >= 0 && truth < classes_, "a label is ", truth, ", the net has ", classes_, " classes");
    ++counts_[static_cast<std::size_t>(truth * classes_ + guesses.data<std::int64_t>()[i])];
  }
}

std::int64_t Confusion::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0}); }

double Confusion::accuracy() const {
  std::int64_t right = 0;
  for (std::int64_t k = 0; k < classes_; ++k) right += at(k, k);
  return total() > 0 ? static_cast<double>(right) / static_cast<double>(total()) : 0;
}

double Confusion::mean_iou() const {
  double sum = 0;
  int present = 0;
  for (std::int64_t k = 0; k < classes_; ++k) {
    std::int64_t all = -at(k, k);
    for (std::int64_t other = 0; other < classes_; ++other) all += at(k, other) + at(other, k);
    if (all == 0) continue;
    sum += static_cast<double>(at(k, k)) / static_cast<double>(all);
    ++present;
  }
  return present > 0 ? sum / present : 0;
}

}  // namespace ebb::apps
