#include "ebb/nn/optim/clip_grad.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <vector>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/view.h"
#include "ebb/kernels/optim/grad_norm.h"

namespace ebb::nn {
namespace {

std::vector<Tensor> gradients_of(std::span<const Tensor> parameters) {
  std::vector<Tensor> gradients;
  for (const Tensor& p : parameters) {
    if (const Tensor gradient = p.grad(); gradient.defined()) gradients.push_back(gradient);
  }
  return gradients;
}

/// In float32 of half precision, whose squares soon exceed it.
Tensor norm(const Tensor& gradient, double p) {
  const Tensor x = gradient.to(opmath_type(gradient.dtype()));
  if (p == 2) return sqrt(sum(x * x));
  const Tensor size = abs(x);
  if (std::isinf(p)) return x.numel() == 0 ? zeros({}, {.dtype = x.dtype(), .device = x.device()}) : max(size);
  if (p == 1) return sum(size);
  return pow(sum(pow(size, p)), 1 / p);
}

/// Whether the kernels for many tensors take them: on one GPU, of one dtype, without gaps.
bool lie_together(std::span<const Tensor> gradients) {
  const Tensor& first = gradients[0];
  const DType number = opmath_type(first.dtype());
  const bool computes = first.is_cuda() && (number == kFloat32 || number == kFloat64);
  return computes && std::ranges::all_of(gradients, [&](const Tensor& x) {
           return x.device() == first.device() && x.dtype() == first.dtype() && x.strides() == elementwise_strides(x);
         });
}

/// Calls `body` with the context of the GPU where they lie.
template <class Body>
void on_gpu_of(std::span<const Tensor> gradients, Body&& body) {
  on_device(gradients[0].device(), [&]<class Context>(Context& context) {
    if constexpr (std::same_as<Context, CudaContext>) body(context);
  });
}

/// The norm of all gradients: of their norms, as PyTorch has it, or in a few launches where that can be.
Tensor norm_of_all(std::span<const Tensor> gradients, double p) {
  if (p == 2 && lie_together(gradients)) {
    Tensor total = empty({}, {.dtype = opmath_type(gradients[0].dtype()), .device = gradients[0].device()});
    on_gpu_of(gradients, [&](auto& context) { kernels::total_norm(context, gradients, total); });
    return total;
  }
  std::vector<Tensor> norms;
  for (const Tensor& gradient : gradients) norms.push_back(norm(gradient, p).to(gradients[0].device()));
  return norm(stack(norms), p);
}

void scale_all(std::span<Tensor> gradients, const Tensor& scale) {
  if (!lie_together(gradients)) {
    for (const Tensor& gradient : gradients) gradient.mul_(scale.to(gradient.device()));
    return;
  }
  for (const Tensor& gradient : gradients) autograd::begin_write(gradient);
  on_gpu_of(gradients, [&](auto& context) { kernels::scale_all(context, gradients, scale); });
  for (const Tensor& gradient : gradients) autograd::end_write(gradient);
}

}  // namespace

Tensor clip_grad_norm_(std::span<const Tensor> parameters, const ClipGradNormOptions& options) {
  const NoGradGuard no_grad;
  const double p = options.norm_type;
  check(p > 0, "clip_grad_norm_: norm_type must be positive, got ", p);
  std::vector<Tensor> gradients = gradients_of(parameters);
  if (gradients.empty()) return zeros({});
  const Tensor total = norm_of_all(gradients, p);
  if (options.error_if_nonfinite) {  // only then is the GPU waited for
    const double value = total.item<double>();
    check(std::isfinite(value), "clip_grad_norm_: the norm of the gradients is ", value,
          "; leave out error_if_nonfinite to scale them by it anyway");
  }
  const Tensor scale = clamp(options.max_norm / (total + 1e-6), {}, 1);
  scale_all(gradients, scale);
  return total;
}

void clip_grad_value_(std::span<const Tensor> parameters, double clip_value) {
  const NoGradGuard no_grad;
  for (const Tensor& gradient : gradients_of(parameters)) gradient.copy_(clamp(gradient, -clip_value, clip_value));
}

}  // namespace ebb::nn
