#pragma once

#include <optional>
#include <vector>

#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/core/size2.h"
#include "ebb/core/tensor.h"

namespace ebb {

/// The sizes that an adaptive pooling makes: one for all dimensions, or one each; std::nullopt keeps the input's.
struct OutputSize {
  OutputSize(std::int64_t all) : sizes{all} {}
  OutputSize(Size2 size) : sizes{size.height, size.width} {}
  OutputSize(std::initializer_list<std::optional<std::int64_t>> given) : sizes(given) {}
  explicit OutputSize(std::vector<std::optional<std::int64_t>> given) : sizes(std::move(given)) {}

  /// For the last `count` dimensions of x.
  Dims of(const Tensor& x, int count) const;

  std::vector<std::optional<std::int64_t>> sizes;
};

/// The mean of windows that share the input evenly: element i of a result of size n is that of elements
/// floor(i size / n) up to ceil((i + 1) size / n) - 1.
Tensor adaptive_avg_pool1d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());
Tensor adaptive_avg_pool2d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());
Tensor adaptive_avg_pool3d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());

/// The greatest element of each of the windows of adaptive_avg_pool1d, or 2d, and the positions as above.
Tensor adaptive_max_pool1d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());
Tensor adaptive_max_pool2d(const Tensor& x, const OutputSize& output_size, Site site = Site::current());
ValuesAndIndices adaptive_max_pool1d_with_indices(const Tensor& x, const OutputSize& output_size,
                                                  Site site = Site::current());
ValuesAndIndices adaptive_max_pool2d_with_indices(const Tensor& x, const OutputSize& output_size,
                                                  Site site = Site::current());

}  // namespace ebb
