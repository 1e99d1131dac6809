#pragma once

#include <optional>

#include "ebb/core/size2.h"
#include "ebb/core/tensor.h"

namespace ebb {

struct AvgPool1dOptions {
  std::int64_t kernel_size;
  std::optional<std::int64_t> stride = {};  ///< kernel_size where absent
  std::int64_t padding = 0;                 ///< zeros added on each side, at most half of kernel_size
  bool ceil_mode = false;                   ///< also the windows that only begin inside
  bool count_include_pad = true;            ///< whether the mean is also over the padding
};

struct AvgPool2dOptions {
  Size2 kernel_size;
  std::optional<Size2> stride = {};
  Size2 padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
  std::optional<std::int64_t> divisor_override = {};  ///< what sums are divided by in place of the window's size
};

struct AvgPool3dOptions {
  Dims kernel_size;  ///< of depth, height and width; one number stands for all three, here and below
  Dims stride = {};
  Dims padding = {0};
  bool ceil_mode = false;
  bool count_include_pad = true;
  std::optional<std::int64_t> divisor_override = {};
};

/// The mean of each window of x: (N, C, L), (N, C, H, W), (N, C, D, H, W), or the same without N.
Tensor avg_pool1d(const Tensor& x, const AvgPool1dOptions& options, Site site = Site::current());
Tensor avg_pool2d(const Tensor& x, const AvgPool2dOptions& options, Site site = Site::current());
Tensor avg_pool3d(const Tensor& x, const AvgPool3dOptions& options, Site site = Site::current());

}  // namespace ebb
