#include "ebb/kernels/resample/resample.h"

#include <algorithm>
#include <memory>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/resample/combine_rows.h"

namespace ebb::kernels {

static constexpr std::int64_t products_per_chunk = 1 << 15;

template <class T>
static void resample_as(const Tensor& x, const SparseRows& matrix, Tensor& y) {
  const std::int64_t in = x.size(1), out = y.size(1), inner = x.size(2);
  const std::int64_t entries = matrix.columns.numel() / out + 1;
  const std::int64_t grain = std::max<std::int64_t>(1, products_per_chunk / (entries * inner));
  const auto combine = best([]<Isa isa> { return combine_rows<isa, T>; });
  parallel_for(y.size(0) * out, grain, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t outer = begin / out, first = begin % out, rows = std::min(end - begin, out - first);
      combine({x.data<T>() + outer * in * inner, matrix.offsets.data<std::int64_t>() + first,
               matrix.columns.data<std::int64_t>(), matrix.weights.data<T>(), rows, inner,
               y.data<T>() + begin * inner});
      begin += rows;
    }
  });
}

namespace {

/// A SparseRows as pointers.
template <class T>
struct Entries {
  explicit Entries(const SparseRows& m)
      : offsets(m.offsets.data<std::int64_t>()),
        columns(m.columns.data<std::int64_t>()),
        weights(m.weights.data<T>()) {}

  /// Where row i of the product only copies a row, that row; otherwise -1.
  std::int64_t copied(std::int64_t i) const {
    const std::int64_t first = offsets[i];
    return offsets[i + 1] == first + 1 && weights[first] == T(1) ? columns[first] : -1;
  }

  const std::int64_t *offsets, *columns;
  const T* weights;
};

/// A row of y is made of a row that lies in the first-level cache: of a few rows of x, combined.
template <class T>
void resample_images_as(const Tensor& x, const SparseRows& by_row, const SparseRows& by_column, Tensor& y) {
  const std::int64_t channels = x.size(1), in_row = x.size(3) * channels, out_row = y.size(3) * channels;
  const Entries<T> rows(by_row), columns(by_column);
  const auto combine = best([]<Isa isa> { return combine_rows<isa, T>; });
  const std::int64_t grain = std::max<std::int64_t>(1, products_per_chunk / (in_row + out_row));
  parallel_for(y.size(0) * y.size(2), grain, [&](std::int64_t begin, std::int64_t end) {
    const auto combined = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(in_row));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i % y.size(2), copied = rows.copied(row);
      const T* image = x.data<T>() + i / y.size(2) * x.size(2) * in_row;
      if (copied < 0) combine({image, rows.offsets + row, rows.columns, rows.weights, 1, in_row, combined.get()});
      combine({copied < 0 ? combined.get() : image + copied * in_row, columns.offsets, columns.columns, columns.weights,
               y.size(3), channels, y.data<T>() + i * out_row});
    }
  });
}

}  // namespace

void resample_images(CpuContext&, const Tensor& x, const SparseRows& rows, const SparseRows& columns, Tensor& y) {
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { resample_images_as<T>(x, rows, columns, y); });
}

void resample(CpuContext&, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { resample_as<T>(x, matrix, y); });
}

}  // namespace ebb::kernels
