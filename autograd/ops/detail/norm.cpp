#include "ebb/autograd/ops/detail/norm.h"

#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/norm/row_norm.h"

namespace ebb::ops {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

/// The gradient of the normalised rows of x, written with differentiable ops.
static Tensor composed_backward(const Tensor& dy, const Tensor& x, double eps) {
  const Tensor centered = x - mean(x, {1}, true);
  const Tensor rstd = rsqrt(mean(centered * centered, {1}, true) + eps);
  const Tensor y = centered * rstd;
  return (dy - mean(dy, {1}, true) - y * mean(dy * y, {1}, true)) * rstd;
}

static Tensor backward_of_rows(const Tensor& gradient, const Tensor& x, const Tensor& y, const Tensor& rstd,
                               double eps) {
  if (is_grad_enabled()) return composed_backward(gradient, x, eps);
  const Tensor dy = contiguous(gradient);
  Tensor dx = empty_like(dy);
  on_device(dy.device(), [&](auto& context) { kernels::row_norm_backward(context, dy, y, rstd, dx); });
  return dx;
}

Tensor normalized_rows(const Tensor& given, double eps) {
  const Tensor x = contiguous(given);
  Tensor y = empty_like(x), rstd = empty({x.size(0)}, {.dtype = x.dtype(), .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::row_norm(context, x, eps, y, rstd); });
  return record(y, wrt(x, [x = Saved(x), rstd = Saved(rstd), eps](const Tensor& dy, const Tensor& rows) {
                  return backward_of_rows(dy, x, rows, rstd, eps);
                }));
}

Tensor affine(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

void check_shape(const char* name, const Tensor& t, const Shape& shape) {
  check(!t.defined() || t.shape() == shape, name, " must have shape ", shape, ", got ",
        t.defined() ? t.shape() : Shape());
}

void move_towards(const Tensor& running, const Tensor& current, double momentum, double factor) {
  no_grad([&] { running.mul_(1 - momentum).add_(current.to(running.dtype()), momentum * factor); });
}

}  // namespace ebb::ops
