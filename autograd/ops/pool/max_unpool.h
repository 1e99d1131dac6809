#pragma once

#include <optional>

#include "ebb/core/size2.h"
#include "ebb/core/tensor.h"

namespace ebb {

struct MaxUnpool1dOptions {
  std::int64_t kernel_size;
  std::optional<std::int64_t> stride = {};  ///< kernel_size where absent
  std::int64_t padding = 0;
  std::optional<std::int64_t> output_size = {};  ///< (size - 1) stride - 2 padding + kernel_size where absent
};

/// The partial inverse of max_pool1d: zeros, but for the elements of x (N, C, L) or (C, L), which lie at `indices`
/// (int64, of x's shape) of each channel. Of those with one place the last stays. An Error for an index outside of the
/// result.
Tensor max_unpool1d(const Tensor& x, const Tensor& indices, const MaxUnpool1dOptions& options,
                    Site site = Site::current());

struct MaxUnpool2dOptions {
  Size2 kernel_size;
  std::optional<Size2> stride = {};
  Size2 padding = 0;
  std::optional<Size2> output_size = {};
};

/// The same of x (N, C, H, W) or (C, H, W).
Tensor max_unpool2d(const Tensor& x, const Tensor& indices, const MaxUnpool2dOptions& options,
                    Site site = Site::current());

/// Each entry is one number, or three for depth, height and width.
struct MaxUnpool3dOptions {
  Dims kernel_size;
  Dims stride = {};
  Dims padding = {0};
  Dims output_size = {};
};

/// The same of x (N, C, D, H, W) or (C, D, H, W).
Tensor max_unpool3d(const Tensor& x, const Tensor& indices, const MaxUnpool3dOptions& options,
                    Site site = Site::current());

}  // namespace ebb
