#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/elementwise.h"

/// What the ops of this folder share: one elementwise kernel, run into a new tensor. Not installed.
namespace ebb::ops {

void check_one_device(const Tensor& a, const Tensor& b);

/// In the shape and memory order of `x`.
Tensor compute(const kernels::UnaryOp& op, const Tensor& x);

/// In the broadcast shape, and in the memory order of the operand that has it. Both operands are of one dtype.
Tensor compute(const kernels::BinaryOp& op, const Tensor& a, const Tensor& b);

/// The value that `x` has before an in-place op, where the gradient of `needed_by` needs it.
Tensor value_before(const Tensor& x, const Tensor& needed_by);

}  // namespace ebb::ops
