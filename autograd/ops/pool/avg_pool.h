#pragma once

#include <optional>
#include <vector>

#include "ebb/autograd/ops/conv/conv.h"
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

/// The sizes that an adaptive pooling makes: one for all dimensions, or one each; std::nullopt keeps the input's.
class OutputSize {
 public:
  OutputSize(std::int64_t all) : sizes_{all} {}
  OutputSize(Size2 size) : sizes_{size.height, size.width} {}
  OutputSize(std::initializer_list<std::optional<std::int64_t>> sizes) : sizes_(sizes) {}
  explicit OutputSize(std::vector<std::optional<std::int64_t>> sizes) : sizes_(std::move(sizes)) {}

  /// For the last `count` dimensions of x.
  Dims of(const Tensor& x, int count) const;

 private:
  std::vector<std::optional<std::int64_t>> sizes_;
};

/// The mean of windows that share the input evenly: element i of a result of size n is that of elements
/// floor(i size / n) up to ceil((i + 1) size / n) - 1.
Tensor adaptive_avg_pool1d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());
Tensor adaptive_avg_pool2d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());
Tensor adaptive_avg_pool3d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());

}  // namespace ebb
