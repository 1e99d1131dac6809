#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/loss/loss_ops.h"

namespace ebb::kernels {

// Losses of single elements. All tensors are of one floating dtype; half precision is computed in float32 and rounded
// once. x and target have one shape, any strides.

/// losses (the shape of x) = op(x, target)
void loss(CpuContext&, const LossOp& op, const Tensor& x, const Tensor& target, Tensor& losses);
void loss(CudaContext&, const LossOp& op, const Tensor& x, const Tensor& target, Tensor& losses);

/// y, one number, = scale times the sum of op(x, target)
void loss_sum(CpuContext&, const LossOp& op, const Tensor& x, const Tensor& target, double scale, Tensor& y);
void loss_sum(CudaContext&, const LossOp& op, const Tensor& x, const Tensor& target, double scale, Tensor& y);

/// dx (the shape of x) = scale dy dop/dx; dy broadcasts: it is one number where losses were added up.
void loss_backward(CpuContext&, const LossOp& op, const Tensor& dy, const Tensor& x, const Tensor& target, double scale,
                   Tensor& dx);
void loss_backward(CudaContext&, const LossOp& op, const Tensor& dy, const Tensor& x, const Tensor& target,
                   double scale, Tensor& dx);

}  // namespace ebb::kernels
