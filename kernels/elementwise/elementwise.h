#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/binary_ops.h"
#include "ebb/kernels/elementwise/unary_ops.h"

namespace ebb::kernels {

// Inputs broadcast to the shape of y; any strides. Operands and y are of one dtype, but for `compare`, whose y is bool,
// `where`, whose condition is, and `copy`, which converts.

/// y = op(x)
void unary(CpuContext&, const UnaryOp& op, const Tensor& x, Tensor& y);
void unary(CudaContext&, const UnaryOp& op, const Tensor& x, Tensor& y);

/// y = op(a, b)
void binary(CpuContext&, const BinaryOp& op, const Tensor& a, const Tensor& b, Tensor& y);
void binary(CudaContext&, const BinaryOp& op, const Tensor& a, const Tensor& b, Tensor& y);

/// y = op(a, b), of bools
void compare(CpuContext&, const CompareOp& op, const Tensor& a, const Tensor& b, Tensor& y);
void compare(CudaContext&, const CompareOp& op, const Tensor& a, const Tensor& b, Tensor& y);

/// y = condition ? a : b
void where(CpuContext&, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y);
void where(CudaContext&, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y);

/// y = x, converted to the dtype of y; both on the context's device
void copy(CpuContext&, const Tensor& x, Tensor& y);
void copy(CudaContext&, const Tensor& x, Tensor& y);

/// Every element of y = value
void fill(CpuContext&, Scalar value, Tensor& y);
void fill(CudaContext&, Scalar value, Tensor& y);

}  // namespace ebb::kernels
