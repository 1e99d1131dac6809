#include "ebb/nn/optim/clip_grad.h"

#include <cmath>
#include <vector>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/join.h"

namespace ebb::nn {
namespace {

std::vector<Tensor> gradients_of(std::span<const Tensor> parameters) {
  std::vector<Tensor> gradients;
  for (const Tensor& p : parameters) {
    if (const Tensor gradient = p.grad(); gradient.defined()) gradients.push_back(gradient);
  }
  return gradients;
}

Tensor norm(const Tensor& x, double p) {
  if (p == 2) return sqrt(sum(x * x));
  const Tensor size = abs(x);
  if (std::isinf(p)) return x.numel() == 0 ? zeros({}, {.dtype = x.dtype(), .device = x.device()}) : max(size);
  if (p == 1) return sum(size);
  return pow(sum(pow(size, p)), 1 / p);
}

}  // namespace

Tensor clip_grad_norm_(std::span<const Tensor> parameters, const ClipGradNormOptions& options) {
  const NoGradGuard no_grad;
  const double p = options.norm_type;
  check(p > 0, "clip_grad_norm_: norm_type must be positive, got ", p);
  const std::vector<Tensor> gradients = gradients_of(parameters);
  if (gradients.empty()) return zeros({});
  std::vector<Tensor> norms;
  for (const Tensor& gradient : gradients) norms.push_back(norm(gradient, p).to(gradients[0].device()));
  const Tensor total = norm(stack(norms), p);
  if (options.error_if_nonfinite) {  // only then is the GPU waited for
    const double value = total.item<double>();
    check(std::isfinite(value), "clip_grad_norm_: the norm of the gradients is ", value,
          "; leave out error_if_nonfinite to scale them by it anyway");
  }
  const Tensor scale = clamp(options.max_norm / (total + 1e-6), {}, 1);
  for (const Tensor& gradient : gradients) gradient.mul_(scale.to(gradient.device()));
  return total;
}

void clip_grad_value_(std::span<const Tensor> parameters, double clip_value) {
  const NoGradGuard no_grad;
  for (const Tensor& gradient : gradients_of(parameters)) gradient.copy_(clamp(gradient, -clip_value, clip_value));
}

}  // namespace ebb::nn
