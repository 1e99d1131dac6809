#pragma once

#include <optional>

#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/core/size2.h"
#include "ebb/core/tensor.h"

namespace ebb {

struct MaxPool2dOptions {
  Size2 kernel_size;
  std::optional<Size2> stride = {};  ///< kernel_size where absent
  Size2 padding = 0;                 ///< at most half of the window's reach; counts as -infinity
  Size2 dilation = 1;
  bool ceil_mode = false;  ///< also the windows that only begin inside
};

/// The greatest element of each window of x (N, C, H, W) or (C, H, W); its gradient goes to the first such element.
Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options, Site site = Site::current());
/// The same with the positions (int64): h * W + w of the element within its (H, W) plane, -1 where a window lies wholly
/// in the padding.
ValuesAndIndices max_pool2d_with_indices(const Tensor& x, const MaxPool2dOptions& options, Site site = Site::current());

struct MaxPool1dOptions {
  std::int64_t kernel_size;
  std::optional<std::int64_t> stride = {};
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  bool ceil_mode = false;
};

/// The same of x (N, C, L) or (C, L).
Tensor max_pool1d(const Tensor& x, const MaxPool1dOptions& options, Site site = Site::current());
ValuesAndIndices max_pool1d_with_indices(const Tensor& x, const MaxPool1dOptions& options, Site site = Site::current());

/// Each entry but `ceil_mode` is one number, or three for depth, height and width.
struct MaxPool3dOptions {
  Dims kernel_size;
  Dims stride = {};  ///< kernel_size where absent
  Dims padding = {0};
  Dims dilation = {1};
  bool ceil_mode = false;
};

/// The same of x (N, C, D, H, W) or (C, D, H, W).
Tensor max_pool3d(const Tensor& x, const MaxPool3dOptions& options, Site site = Site::current());
/// The positions are (d * H + h) * W + w.
ValuesAndIndices max_pool3d_with_indices(const Tensor& x, const MaxPool3dOptions& options, Site site = Site::current());

}  // namespace ebb
