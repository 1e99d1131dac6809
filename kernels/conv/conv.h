#pragma once

#include <array>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// Of a 2-D convolution; the entries of each pair are for height and width.
struct ConvGeometry {
  std::array<std::int64_t, 2> stride, padding, dilation;
  std::int64_t groups;
};

// Cross-correlation. x (N, C, H, W), y and dy (N, O, H', W') lie channels-last, weight (O, C / groups, kh, kw)
// contiguous; all of one floating dtype.

/// y = x * weight + bias; bias (O) or undefined.
void conv2d(CpuContext&, const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry&, Tensor& y);
void conv2d(CudaContext&, const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry&, Tensor& y);

/// dx = the gradient of x, given that of y; the transposed convolution.
void conv2d_backward_input(CpuContext&, const Tensor& dy, const Tensor& weight, const ConvGeometry&, Tensor& dx);
void conv2d_backward_input(CudaContext&, const Tensor& dy, const Tensor& weight, const ConvGeometry&, Tensor& dx);

/// dweight = the gradient of weight, given that of y.
void conv2d_backward_weight(CpuContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);
void conv2d_backward_weight(CudaContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);

}  // namespace ebb::kernels
