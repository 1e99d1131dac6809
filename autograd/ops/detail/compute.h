#pragma once

#include "ebb/autograd/view.h"
#include "ebb/core/context.h"
#include "ebb/kernels/elementwise/elementwise.h"

/// One elementwise kernel, run into a new tensor or in place.
namespace ebb::ops {

/// x, as float32 where it is not floating.
Tensor real(const Tensor& x);

// Scalars: integers wrap as elements do.
bool is_one(Scalar s);
Scalar negated(Scalar s);
/// value alpha, of an op whose result is `dtype`.
Scalar scaled(Scalar value, Scalar alpha, DType dtype);

/// In the shape and memory order of `x`.
Tensor compute(const kernels::UnaryOp& op, const Tensor& x);

/// In the broadcast shape, and in the memory order of the operand that has it. Both operands are of one dtype.
Tensor compute(const kernels::BinaryOp& op, const Tensor& a, const Tensor& b);

/// Runs `kernel(context, y)`, where y shows the elements of `x`, as an in-place op with the further inputs `others`.
template <class Kernel>
void write_in_place(const Tensor& x, std::initializer_list<Tensor> others, Kernel kernel) {
  autograd::begin_write(x, others);
  Tensor y = x.detach();
  on_device(x.device(), [&](auto& context) { kernel(context, y); });
  autograd::end_write(x);
}

/// The value that `x` has before an in-place op, where the gradient of `needed_by` needs it.
Tensor value_before(const Tensor& x, const Tensor& needed_by);

}  // namespace ebb::ops
