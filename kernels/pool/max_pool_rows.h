#pragma once

#include <cstdint>

#include "ebb/core/tensor.h"
#include "ebb/kernels/pool/max_rows.h"
#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

/// Some of the rows of an image: from begin up to but without end.
struct RowRange {
  std::int64_t begin, end;
};

/// Max pooling on the CPU a row at a time, for whoever has an image only in parts. Images lie channels-last, indices
/// are bytes (see pool.h).
template <class T>
class MaxPoolRows {
 public:
  /// From images of the sizes of x to those of y.
  MaxPoolRows(const PoolGeometry& geometry, const Tensor& x, const Tensor& y);

  std::int64_t row_elements() const { return width_ * channels_; }
  std::int64_t window_row_elements() const { return columns_.windows * channels_; }

  /// The rows that the rows `begin` to `end` of windows lie over.
  RowRange under(std::int64_t begin, std::int64_t end) const;
  /// One row of windows: the greatest elements and, unless `at` is null, which they are. `rows` are those of the image
  /// from number `first` on.
  void pool(const T* rows, std::int64_t first, std::int64_t window_row, T* greatest, std::uint8_t* at) const;
  /// The elements that one row of windows has chosen of an image, 0 where none.
  void gather(const T* image, std::int64_t window_row, const std::uint8_t* at, T* chosen) const;
  /// Row h of dx, given an image's windows.
  void scatter(const T* dy, const std::uint8_t* at, std::int64_t h, T* dx) const;

 private:
  const PoolGeometry& geometry_;
  std::int64_t channels_, height_, width_, out_height_;
  WindowLine columns_;
};

/// Of the window number i along one dimension, of `size`.
WindowSpan span_of(const PoolGeometry& geometry, std::size_t dim, std::int64_t i, std::int64_t size);

}  // namespace ebb::kernels
