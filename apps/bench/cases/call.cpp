#include "apps/bench/cases/call.h"

#include <algorithm>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

namespace ebb::bench {

Tensor drawn(const Shape& shape, DType dtype, MemoryFormat format) {
  constexpr std::int64_t period = (1 << 20) + 7;  // no power of two: rows of a matrix are not to be alike
  const std::int64_t count = numel(shape);
  const Tensor few = randn({std::min(count, period)}).to(dtype);
  const Tensor many = count <= period ? few : repeat(few, {count / period + 1}).slice(0, 0, count);
  const Tensor y = many.reshape(shape);
  return shape.size() == 4 ? y.contiguous(format) : y;
}

std::vector<Tensor> drawn_inputs(const Case& c, DType dtype, MemoryFormat format) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : c.inputs) {  // weights and the like are contiguous
    const bool is_image = inputs.empty() || shape == c.inputs[0];
    inputs.push_back(drawn(shape, dtype, is_image ? format : MemoryFormat::contiguous));
  }
  return inputs;
}

Shape output_of(const Case& c) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : c.inputs) inputs.push_back(empty(shape, {.device = kMeta}));
  return c.run(inputs).shape();
}

Call::Call(const Case& of, const Pass& pass, const std::vector<Tensor>& inputs) : case_(&of), pass_(&pass) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool is_wanted = std::ranges::find(pass.of, static_cast<int>(i)) != pass.of.end();
    inputs_.push_back(inputs[i].detach().requires_grad_(is_wanted));
    if (is_wanted) wanted_.push_back(inputs_.back());
  }
}

void Call::record() { y_ = case_->run(inputs_); }

std::vector<Tensor> Call::run() const {
  if (is_backward()) {
    return grad(std::span<const Tensor>(&y_, 1), wanted_, std::span<const Tensor>(&dy_, 1), {.retain_graph = true});
  }
  const NoGradGuard no_grad;
  return {case_->run(inputs_)};
}

}  // namespace ebb::bench
