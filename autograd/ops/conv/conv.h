#pragma once

#include <array>

#include "ebb/core/size2.h"
#include "ebb/core/tensor.h"

namespace ebb {

struct Conv2dOptions {
  Size2 stride = 1;
  Size2 padding = 0;  ///< zeros added on each side
  Size2 dilation = 1;
  std::int64_t groups = 1;
  bool same_padding = false;  ///< in place of `padding` as many zeros as keep the size; an odd one comes last
};

/// Cross-correlation of x (N, C, H, W) or (C, H, W) with weight (O, C / groups, kh, kw), plus bias (O) or undefined.
/// The result is (N, O, H', W') with H' = floor((H + 2 padding - dilation (kh - 1) - 1) / stride) + 1, stored
/// channels-last. Of float32, float64, float16 or bfloat16; half precision is computed in float32, but by cuDNN where
/// that has a plan (ebb/core/backends/backends.h has its switches).
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Conv2dOptions& options = {},
              Site site = Site::current());

struct Conv1dOptions {
  std::int64_t stride = 1;
  std::int64_t padding = 0;  ///< zeros added on each side
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  bool same_padding = false;  ///< as of Conv2dOptions
};

/// As conv2d, of x (N, C, L) or (C, L) with weight (O, C / groups, k).
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Conv1dOptions& options = {},
              Site site = Site::current());

/// One number stands for depth, height and width.
struct Conv3dOptions {
  Dims stride{1};
  Dims padding{0};  ///< zeros added on each side
  Dims dilation{1};
  std::int64_t groups = 1;
  bool same_padding = false;  ///< as of Conv2dOptions
};

/// As conv2d, of x (N, C, D, H, W) or (C, D, H, W) with weight (O, C / groups, kd, kh, kw). Made of kd convolutions of
/// two dimensions.
Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Conv3dOptions& options = {},
              Site site = Site::current());

struct ConvTranspose2dOptions {
  Size2 stride = 1;
  Size2 padding = 0;         ///< cropped from each side of the result
  Size2 output_padding = 0;  ///< rows and columns added at the end; less than stride or dilation
  std::int64_t groups = 1;
  Size2 dilation = 1;
};

/// The transpose of conv2d as a linear map: each element of x (N, C, H, W) or (C, H, W) adds a multiple of the weight
/// (C, O / groups, kh, kw) to the result (N, O, H', W'), to which bias (O), or undefined, is added;
/// H' = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1. Stored channels-last. Of the types
/// of conv2d.
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose2dOptions& options = {}, Site site = Site::current());

struct ConvTranspose1dOptions {
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t output_padding = 0;
  std::int64_t groups = 1;
  std::int64_t dilation = 1;
};

/// As conv_transpose2d, of x (N, C, L) or (C, L) with weight (C, O / groups, k).
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose1dOptions& options = {}, Site site = Site::current());

}  // namespace ebb
