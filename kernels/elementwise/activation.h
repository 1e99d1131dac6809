#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/activation_ops.h"

namespace ebb::kernels {

// Inputs broadcast to the shape of the output; any strides. All are of one floating dtype.

/// y = op(x)
void activation(CpuContext&, const ActivationOp& op, const Tensor& x, Tensor& y);
void activation(CudaContext&, const ActivationOp& op, const Tensor& x, Tensor& y);

/// dx = dy op'(x)
void activation_backward(CpuContext&, const ActivationOp& op, const Tensor& dy, const Tensor& x, Tensor& dx);
void activation_backward(CudaContext&, const ActivationOp& op, const Tensor& dy, const Tensor& x, Tensor& dx);

}  // namespace ebb::kernels
