#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

/// The windows of an average pooling along one dimension of `size` elements.
struct AverageSide {
  /// dim: 0 for height, 1 for width. Neither x nor y is empty.
  AverageSide(const Tensor& x, const Tensor& y, const AveragePooling& pooling, int dim)
      : is_adaptive(pooling.is_adaptive),
        count_include_pad(pooling.count_include_pad),
        kernel(pooling.kernel[static_cast<std::size_t>(dim)]),
        stride(pooling.stride[static_cast<std::size_t>(dim)]),
        padding(pooling.padding[static_cast<std::size_t>(dim)]),
        size(x.size(2 + dim)),
        count(y.size(2 + dim)),
        by_stride(is_adaptive ? 1 : stride),
        by_size(size),
        by_count(count) {}

  /// The elements of window i: from begin up to but without end.
  EBB_HOST_DEVICE std::int64_t begin(std::int64_t i) const {
    if (is_adaptive) return by_count.quotient(i * size);
    const std::int64_t start = i * stride - padding;
    return start < 0 ? 0 : start;
  }
  EBB_HOST_DEVICE std::int64_t end(std::int64_t i) const {
    if (is_adaptive) return by_count.quotient((i + 1) * size + count - 1);
    const std::int64_t stop = i * stride - padding + kernel;
    return stop < size ? stop : size;
  }
  /// How many the mean counts: with those in the padding, where they are wanted.
  EBB_HOST_DEVICE std::int64_t elements(std::int64_t i) const {
    if (is_adaptive || !count_include_pad) return end(i) - begin(i);
    const std::int64_t room = size + 2 * padding - i * stride;
    return kernel < room ? kernel : room;
  }

  /// The windows that an element lies in: from first_holder to last_holder.
  EBB_HOST_DEVICE std::int64_t first_holder(std::int64_t element) const {
    if (is_adaptive) return by_size.quotient(element * count);
    const std::int64_t before = element + padding - kernel;
    return before < 0 ? 0 : by_stride.quotient(before) + 1;
  }
  EBB_HOST_DEVICE std::int64_t last_holder(std::int64_t element) const {
    if (is_adaptive) return by_size.quotient((element + 1) * count - 1);
    const std::int64_t last = by_stride.quotient(element + padding);
    return last < count ? last : count - 1;
  }

  bool is_adaptive, count_include_pad;
  std::int64_t kernel, stride, padding, size, count;
  Divider by_stride, by_size, by_count;
};

/// Both dimensions, and what a window's sum is divided by.
struct AverageWindows {
  AverageWindows(const Tensor& x, const Tensor& y, const AveragePooling& pooling)
      : rows(x, y, pooling, 0), columns(x, y, pooling, 1), divisor(pooling.divisor) {}

  template <class T>
  EBB_HOST_DEVICE T divisor_of(std::int64_t row, std::int64_t column) const {
    if (divisor != 0) return static_cast<T>(divisor);
    const std::int64_t elements = rows.elements(row) * columns.elements(column);
    return elements > 0 ? static_cast<T>(elements) : T(1);  // of nothing, 0
  }

  AverageSide rows, columns;
  double divisor;
};

}  // namespace ebb::kernels
