#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/choice.h"
#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

// Cross-correlation: what each implementation computes. x (N, C, H, W), y and dy (N, O, H', W') lie channels-last,
// weight (O, C / groups, kh, kw) contiguous; all of one floating dtype.

/// y = epilogue(x * weight)
void conv2d(CpuContext&, const Tensor& x, const PackedWeight& weight, const Epilogue&, const ConvGeometry&, Tensor& y);
void conv2d(CudaContext&, const Tensor& x, const PackedWeight& weight, const Epilogue&, const ConvGeometry&, Tensor& y);

/// Whether y may be the residual itself, which conv2d() then overwrites.
bool conv2d_overwrites_residual(CpuContext&, const ConvTask& task);

/// dx = the gradient of x, given that of x * weight; and to all pixels `shift` (C) added, if it is defined: the
/// transposed convolution.
void conv2d_backward_input(CpuContext&, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           const ConvGeometry&, Tensor& dx);
void conv2d_backward_input(CudaContext&, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           const ConvGeometry&, Tensor& dx);

/// dweight = the gradient of weight, given that of x * weight.
void conv2d_backward_weight(CpuContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);
void conv2d_backward_weight(CudaContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);

/// Which implementation a convolution gets: of "conv2d" on the CPU "depthwise", "winograd4", "winograd2", "im2col" or
/// "plain", on a GPU "cudnn", "im2col" or "direct"; "float32": half precision, converted.
Choice which_conv2d(CpuContext&, const ConvTask& task);
Choice which_conv2d(CudaContext&, const ConvTask& task);

}  // namespace ebb::kernels
