#pragma once

#include <initializer_list>
#include <span>
#include <utility>

#include "ebb/autograd/inference/chain.h"
#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/view.h"
#include "ebb/core/context.h"
#include "ebb/kernels/elementwise/elementwise.h"

/// One elementwise kernel, run into a new tensor or in place.
namespace ebb::ops {

/// A tensor that somebody else holds for as long as this lives, or one that nobody else does: a copy of the former
/// would take two locked instructions. c10::MaybeOwned.
class MaybeOwned {
 public:
  static MaybeOwned borrowed(const Tensor& x) { return MaybeOwned(&x, {}); }
  static MaybeOwned owned(Tensor x) { return MaybeOwned(nullptr, std::move(x)); }

  operator const Tensor&() const { return borrowed_ != nullptr ? *borrowed_ : owned_; }
  const Tensor* operator->() const { return &static_cast<const Tensor&>(*this); }

 private:
  MaybeOwned(const Tensor* borrowed, Tensor owned) : borrowed_(borrowed), owned_(std::move(owned)) {}

  const Tensor* borrowed_;
  Tensor owned_;
};

inline MaybeOwned in_dtype(const Tensor& x, DType dtype) {
  return x.dtype() == dtype ? MaybeOwned::borrowed(x) : MaybeOwned::owned(x.to(dtype));
}

/// x, as float32 where it is not floating.
Tensor real(const Tensor& x);
/// x in the type that ops compute in (see opmath_type): for formulas of several ops, which would round between them.
Tensor opmath(const Tensor& x);
/// f(x, others...), of several ops, rounded once to the type of x. Others may be undefined.
template <class F, class... Tensors>
Tensor rounded_once(F&& f, const Tensor& x, const Tensors&... others) {
  return is_half_precision(x.dtype()) ? f(opmath(x), opmath(others)...).to(x.dtype()) : f(x, others...);
}

// Scalars: integers wrap as elements do.
inline bool is_one(Scalar s) { return s.to<double>() == 1.0; }
Scalar negated(Scalar s);
/// value alpha, of an op whose result is `dtype`; alpha is not 1.
Scalar multiplied(Scalar value, Scalar alpha, DType dtype);
/// The same for any alpha.
inline Scalar scaled(Scalar value, Scalar alpha, DType dtype) {
  return is_one(alpha) ? value : multiplied(value, alpha, dtype);
}

/// In the shape and memory order of `x`.
Tensor compute(const kernels::UnaryOp& op, const Tensor& x);

/// In the broadcast shape, and in the memory order of the operand that has it. Both operands are of one dtype.
Tensor compute(const kernels::BinaryOp& op, const Tensor& a, const Tensor& b);

/// A new tensor y, of the dtype and on the device of the inputs, that `kernel(context, inputs, y)` fills.
template <class Kernel>
Tensor made_now(std::span<const Tensor> inputs, const Shape& shape, MemoryFormat format, Kernel&& kernel) {
  Tensor y = allocate(shape, inputs[0].dtype(), inputs[0].device(), format);
  on_device(y.device(), [&](auto& context) { kernel(context, inputs, y); });
  return y;
}

/// The same, maybe later (see autograd::put_off).
template <class Kernel>
Tensor made(std::span<const Tensor> inputs, const Shape& shape, MemoryFormat format, const Kernel& kernel) {
  if (is_inference_mode_enabled()) {
    if (const Tensor later = autograd::put_off(inputs, shape, format, kernel); later.defined()) return later;
  }
  return made_now(inputs, shape, format, kernel);
}

/// Runs `kernel(context, y)`, where y shows the elements of `x`, as an in-place op with the further inputs `others`.
template <class Kernel>
void write_in_place(const Tensor& x, std::initializer_list<autograd::TensorRef> others, Kernel kernel) {
  autograd::begin_write(x, others);
  Tensor y = x;
  on_device(x.device(), [&](auto& context) { kernel(context, y); });
  autograd::end_write(x);
}

/// The value that `x` has before an in-place op, where the gradient of `needed_by` needs it.
Tensor value_before(const Tensor& x, const Tensor& needed_by);

}  // namespace ebb::ops
