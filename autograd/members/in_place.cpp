// Members: in-place ops whose kernels have the first operand as the output.
#include "ebb/autograd/inference/chain.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/view.h"
#include "ebb/core/overlap.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb {

using autograd::record_in_place;
using autograd::Saved;
using autograd::wants_grad;
using autograd::wrt;
using ops::check_stays;
using ops::MaybeOwned;
using ops::negated;
using ops::scaled;
using ops::value_before;
using ops::write_in_place;

namespace {

MaybeOwned operand_for(const Tensor& x, const Tensor& other) {
  ops::check_one_device(x, other);
  const bool is_broadcast = x.shape() != other.shape();
  check_stays(x, is_broadcast ? broadcast_shapes(x.shape(), other.shape()) : x.shape(), result_type(x, other));
  // Its value before the write is what gradients need; and a node that kept x itself would own itself.
  const bool is_kept = is_grad_enabled() && (wants_grad(x) || wants_grad(other));
  if (is_kept && &other.storage() == &x.storage() && !overlap_partly(x, other)) {
    return MaybeOwned::owned(other.clone());
  }
  return ops::in_dtype(other, x.dtype());
}

void write(const kernels::BinaryOp& op, const Tensor& x, const Tensor& other) {
  write_in_place(x, {other}, [&](auto& context, Tensor& y) { kernels::binary(context, op, x, other, y); });
}

void write(const kernels::UnaryOp& op, const Tensor& x) {
  write_in_place(x, {}, [&](auto& context, Tensor& y) { kernels::unary(context, op, x, y); });
}

Tensor unchanged(const Tensor& dy) { return dy; }

}  // namespace

Tensor TensorOps::add_(const Tensor& other, Scalar alpha, Site site) const {
  const OpScope op("add_", site);
  const Tensor& x = self();
  const MaybeOwned b = operand_for(x, other);
  if (is_inference_mode_enabled() && ops::is_one(alpha)) {
    if (autograd::put_off_in_place(x, {.epilogue = {.residual = b}})) return x;
  }
  write(kernels::AddScaled{kernels::Immediate(alpha)}, x, b);
  return record_in_place(x, wrt(x, unchanged),
                         wrt(b, [alpha, shape = b->shape()](const Tensor& dy) { return sum_to(dy * alpha, shape); }));
}

Tensor TensorOps::add_(Scalar other, Scalar alpha, Site site) const {
  const OpScope op("add_", site);
  const Tensor& x = self();
  check_stays(x, x.shape(), result_type(x, other));
  write(kernels::AddScalar{kernels::Immediate(scaled(other, alpha, x.dtype()))}, x);
  return record_in_place(x, wrt(x, unchanged));
}

Tensor TensorOps::sub_(const Tensor& other, Scalar alpha, Site site) const {
  const OpScope op("sub_", site);
  return add_(other, negated(alpha));
}

Tensor TensorOps::sub_(Scalar other, Scalar alpha, Site site) const {
  const OpScope op("sub_", site);
  return add_(negated(other), alpha);
}

Tensor TensorOps::mul_(const Tensor& other, Site site) const {
  const OpScope op("mul_", site);
  const Tensor& x = self();
  const MaybeOwned b = operand_for(x, other);
  const Tensor before = value_before(x, b);
  write(kernels::Mul{}, x, b);
  return record_in_place(
      x, wrt(x, [b = Saved(b)](const Tensor& dy) { return dy * b; }),
      wrt(b, [before = Saved(before), shape = b->shape()](const Tensor& dy) { return sum_to(dy * before, shape); }));
}

Tensor TensorOps::mul_(Scalar other, Site site) const {
  const OpScope op("mul_", site);
  const Tensor& x = self();
  check_stays(x, x.shape(), result_type(x, other));
  write(kernels::MulScalar{kernels::Immediate(other)}, x);
  return record_in_place(x, wrt(x, [other](const Tensor& dy) { return dy * other; }));
}

Tensor TensorOps::div_(const Tensor& other, Site site) const {
  const OpScope op("div_", site);
  const Tensor& x = self();
  check_stays(x, x.shape(), kFloat32);
  const MaybeOwned b = operand_for(x, other);
  const Tensor before = value_before(x, b);
  write(kernels::Div{}, x, b);
  return record_in_place(x, wrt(x, [b = Saved(b)](const Tensor& dy) { return dy / b; }),
                         wrt(b, [before = Saved(before), b = Saved(b), shape = b->shape()](const Tensor& dy) {
                           return sum_to(dy * -1 * ((before / b) / b), shape);
                         }));
}

Tensor TensorOps::div_(Scalar other, Site site) const {
  const OpScope op("div_", site);
  const Tensor& x = self();
  check_stays(x, x.shape(), kFloat32);
  write(kernels::DivScalar{kernels::Immediate(other)}, x);
  return record_in_place(x, wrt(x, [other](const Tensor& dy) { return dy / other; }));
}

Tensor TensorOps::copy_(const Tensor& source, Site site) const {
  const OpScope op("copy_", site);
  const Tensor& x = self();
  check(broadcast_shapes(x.shape(), source.shape()) == x.shape(), "a tensor of shape ", x.shape(),
        " cannot take the elements of one of shape ", source.shape());
  const Tensor from = source.device() == x.device() ? source : source.to(x.device());
  write_in_place(x, {source}, [&](auto& context, Tensor& to) { kernels::copy(context, from, to); });
  return record_in_place(x, wrt(x, [](const Tensor& dy) { return zeros_like(dy); }),
                         wrt(source, [shape = source.shape(), dtype = source.dtype()](const Tensor& dy) {
                           return sum_to(dy, shape).to(dtype);
                         }));
}

Tensor TensorOps::fill_(Scalar value, Site site) const {
  const OpScope op("fill_", site);
  const Tensor& x = self();
  write_in_place(x, {}, [&](auto& context, Tensor& to) { kernels::fill(context, value, to); });
  return record_in_place(x, wrt(x, [](const Tensor& dy) { return zeros_like(dy); }));
}

Tensor TensorOps::zero_(Site site) const {
  const OpScope op("zero_", site);
  return fill_(0);
}

}  // namespace ebb
