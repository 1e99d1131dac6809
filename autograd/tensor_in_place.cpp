// The in-place members of Tensor: elementwise kernels with the first operand as the output.
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/view.h"
#include "ebb/core/overlap.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/wrapping.h"

namespace ebb {

using autograd::record_in_place;
using autograd::Saved;
using autograd::wants_grad;
using autograd::wrt;
using ops::value_before;
using ops::write_in_place;

namespace {

void check_stays(const Tensor& x, DType result) {
  check(is_floating(x.dtype()) || !is_floating(result), "the result is ", result, " and cannot be stored in ",
        x.dtype(), "; use the op that does not work in place");
}

Tensor operand_for(const Tensor& x, const Tensor& other) {
  ops::check_one_device(x, other);
  check(broadcast_shapes(x.shape(), other.shape()) == x.shape(), "the result of an in-place op must have the shape of ",
        "the tensor that it changes: a tensor of shape ", x.shape(), " cannot take one of shape ", other.shape());
  check_stays(x, result_type(x, other));
  // Its value before the write is what gradients need; and a node that kept x itself would own itself.
  const bool is_kept = is_grad_enabled() && (wants_grad(x) || wants_grad(other));
  if (is_kept && &other.storage() == &x.storage() && !overlap_partly(x, other)) return other.clone();
  return other.dtype() == x.dtype() ? other : other.to(x.dtype());
}

void write(const kernels::BinaryOp& op, const Tensor& x, const Tensor& other) {
  write_in_place(x, {other}, [&](auto& context, Tensor& y) { kernels::binary(context, op, x, other, y); });
}

void write(const kernels::UnaryOp& op, const Tensor& x) {
  write_in_place(x, {}, [&](auto& context, Tensor& y) { kernels::unary(context, op, x, y); });
}

Tensor unchanged(const Tensor& dy) { return dy; }

}  // namespace

Tensor Tensor::add_(const Tensor& other, Scalar alpha, Site site) const {
  const OpScope op("add_", site);
  const Tensor b = operand_for(*this, other);
  write(kernels::AddScaled{kernels::Immediate(alpha)}, *this, b);
  return record_in_place(*this, wrt(*this, unchanged),
                         wrt(b, [alpha, shape = b.shape()](const Tensor& dy) { return sum_to(dy * alpha, shape); }));
}

Tensor Tensor::add_(Scalar other, Site site) const {
  const OpScope op("add_", site);
  check_stays(*this, result_type(*this, other));
  write(kernels::AddScalar{kernels::Immediate(other)}, *this);
  return record_in_place(*this, wrt(*this, unchanged));
}

Tensor Tensor::sub_(const Tensor& other, Site site) const {
  const OpScope op("sub_", site);
  return add_(other, -1);
}

Tensor Tensor::sub_(Scalar other, Site site) const {
  const OpScope op("sub_", site);
  if (other.dtype() == kFloat64) return add_(-other.to<double>());
  return add_(kernels::subtracted<std::int64_t>(0, other.to<std::int64_t>()));
}

Tensor Tensor::mul_(const Tensor& other, Site site) const {
  const OpScope op("mul_", site);
  const Tensor b = operand_for(*this, other), before = value_before(*this, b);
  write(kernels::Mul{}, *this, b);
  return record_in_place(
      *this, wrt(*this, [b = Saved(b)](const Tensor& dy) { return dy * b; }),
      wrt(b, [before = Saved(before), shape = b.shape()](const Tensor& dy) { return sum_to(dy * before, shape); }));
}

Tensor Tensor::mul_(Scalar other, Site site) const {
  const OpScope op("mul_", site);
  check_stays(*this, result_type(*this, other));
  write(kernels::MulScalar{kernels::Immediate(other)}, *this);
  return record_in_place(*this, wrt(*this, [other](const Tensor& dy) { return dy * other; }));
}

Tensor Tensor::div_(const Tensor& other, Site site) const {
  const OpScope op("div_", site);
  check_stays(*this, kFloat32);
  const Tensor b = operand_for(*this, other), before = value_before(*this, b);
  write(kernels::Div{}, *this, b);
  return record_in_place(*this, wrt(*this, [b = Saved(b)](const Tensor& dy) { return dy / b; }),
                         wrt(b, [before = Saved(before), b = Saved(b), shape = b.shape()](const Tensor& dy) {
                           return sum_to(dy * -1 * ((before / b) / b), shape);
                         }));
}

Tensor Tensor::div_(Scalar other, Site site) const {
  const OpScope op("div_", site);
  check_stays(*this, kFloat32);
  write(kernels::DivScalar{kernels::Immediate(other)}, *this);
  return record_in_place(*this, wrt(*this, [other](const Tensor& dy) { return dy / other; }));
}

Tensor Tensor::copy_(const Tensor& source, Site site) const {
  const OpScope op("copy_", site);
  check(broadcast_shapes(shape(), source.shape()) == shape(), "a tensor of shape ", shape(),
        " cannot take the elements of one of shape ", source.shape());
  const Tensor from = source.device() == device() ? source : source.to(device());
  write_in_place(*this, {source}, [&](auto& context, Tensor& to) { kernels::copy(context, from, to); });
  return record_in_place(*this, wrt(*this, [](const Tensor& dy) { return zeros_like(dy); }),
                         wrt(source, [shape = source.shape(), dtype = source.dtype()](const Tensor& dy) {
                           return sum_to(dy, shape).to(dtype);
                         }));
}

Tensor Tensor::fill_(Scalar value, Site site) const {
  const OpScope op("fill_", site);
  write_in_place(*this, {}, [&](auto& context, Tensor& to) { kernels::fill(context, value, to); });
  return record_in_place(*this, wrt(*this, [](const Tensor& dy) { return zeros_like(dy); }));
}

Tensor Tensor::zero_(Site site) const {
  const OpScope op("zero_", site);
  return fill_(0);
}

}  // namespace ebb
