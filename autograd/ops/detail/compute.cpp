#include "ebb/autograd/ops/detail/compute.h"

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/node.h"
#include "ebb/core/context.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::ops {

Tensor opmath(const Tensor& x) { return x.defined() && is_half_precision(x.dtype()) ? x.to(kFloat32) : x; }

Tensor real(const Tensor& x) { return is_floating(x.dtype()) ? x : x.to(kFloat32); }

Scalar negated(Scalar s) {
  if (s.dtype() == kFloat64) return -s.to<double>();
  return kernels::subtracted<std::int64_t>(0, s.to<std::int64_t>());
}

Scalar multiplied(Scalar value, Scalar alpha, DType dtype) {
  const bool is_integer = dtype == kInt64 || dtype == kInt32;
  if (!is_integer) return value.to<double>() * alpha.to<double>();
  return kernels::multiplied(value.to<std::int64_t>(), alpha.to<std::int64_t>());
}

Tensor compute(const kernels::UnaryOp& op, const Tensor& x) {
  Tensor y = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::unary(context, op, x, y); });
  return y;
}

static Tensor empty_for(const Tensor& a, const Tensor& b) {
  if (a.shape() == b.shape()) return empty_like(a);
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  if (a.shape() == shape) return empty_like(a);
  return b.shape() == shape ? empty_like(b) : allocate(shape, a.dtype(), a.device());
}

Tensor compute(const kernels::BinaryOp& op, const Tensor& a, const Tensor& b) {
  Tensor y = empty_for(a, b);
  on_device(a.device(), [&](auto& context) { kernels::binary(context, op, a, b, y); });
  return y;
}

Tensor value_before(const Tensor& x, const Tensor& needed_by) {
  if (!is_grad_enabled() || !autograd::wants_grad(needed_by)) return x;
  const Tensor before = x.detach().clone();
  autograd::set_node(before, autograd::node_of(x));
  return before;
}

}  // namespace ebb::ops
