#include "ebb/kernels/resample/resample.h"

#include <algorithm>
#include <memory>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/resample/combine_rows.h"
#include "ebb/kernels/resample/resample_half.h"

namespace ebb::kernels {

namespace {

constexpr std::int64_t products_per_chunk = 1 << 15;

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

/// Lines of adjacent elements, several at a time; a single one by its parts.
template <class T>
void resample_lines(const T* x, const Entries<T>& matrix, std::int64_t lines, std::int64_t in, std::int64_t out,
                    std::int64_t grain, T* y) {
  const auto combine = best([]<Isa isa> { return combine_lines<isa, T>; });
  const auto resample_part = [&](std::int64_t line, std::int64_t count, std::int64_t first, std::int64_t rows) {
    CombineLines<T> task{{},   matrix.offsets + first, matrix.columns, matrix.weights, count, in,
                         rows, y + line * out + first};
    for (std::int64_t i = 0; i < count; ++i) task.x[i] = x + (line + i) * in;
    combine(task);
  };
  if (lines == 1) {
    return parallel_for(out, grain,
                        [&](std::int64_t begin, std::int64_t end) { resample_part(0, 1, begin, end - begin); });
  }
  const std::int64_t groups = (lines + lines_together - 1) / lines_together;
  parallel_for(groups, grain / (out * lines_together) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t line = begin * lines_together; line < std::min(end * lines_together, lines);
         line += lines_together) {
      resample_part(line, std::min(lines_together, lines - line), 0, out);
    }
  });
}

template <class T>
void resample_as(const Tensor& x, const SparseRows& matrix, Tensor& y) {
  const std::int64_t in = x.size(1), out = y.size(1), inner = x.size(2);
  const std::int64_t entries = matrix.columns.numel() / out + 1;
  const std::int64_t grain = std::max<std::int64_t>(1, products_per_chunk / (entries * inner));
  const Entries<T> of(matrix);
  if (inner == 1) return resample_lines(x.data<T>(), of, x.size(0), in, out, grain, y.data<T>());
  const auto combine = best([]<Isa isa> { return combine_rows<isa, T>; });
  parallel_for(y.size(0) * out, grain, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t outer = begin / out, first = begin % out, rows = std::min(end - begin, out - first);
      combine({x.data<T>() + outer * in * inner, of.offsets + first, of.columns, of.weights, rows, inner,
               y.data<T>() + begin * inner});
      begin += rows;
    }
  });
}

/// A row of y is made of a row that lies in the first-level cache: of a few rows of x, combined. Where a row is single
/// elements, several rows of y are made at a time.
template <class T>
void resample_images_as(const Tensor& x, const SparseRows& by_row, const SparseRows& by_column, Tensor& y) {
  const std::int64_t channels = x.size(1), in_row = x.size(3) * channels, out_row = y.size(3) * channels;
  const Entries<T> rows(by_row), columns(by_column);
  const auto combine = best([]<Isa isa> { return combine_rows<isa, T>; });
  const auto combine_planes = best([]<Isa isa> { return combine_lines<isa, T>; });
  const std::int64_t height = x.size(2), out_height = y.size(2), width = y.size(3), lines = y.size(0) * out_height;
  const std::int64_t together = channels == 1 ? lines_together : 1;
  const T* images = x.data<T>();
  T* results = y.data<T>();
  const std::int64_t grain = std::max<std::int64_t>(1, products_per_chunk / (together * (in_row + out_row)));
  parallel_for((lines + together - 1) / together, grain, [&](std::int64_t begin, std::int64_t end) {
    const auto combined = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(together * in_row));
    const auto combined_row = [&](std::int64_t line, T* to) -> const T* {
      const std::int64_t row = line % out_height, copied = rows.copied(row);
      const T* image = images + line / out_height * height * in_row;
      if (copied >= 0) return image + copied * in_row;
      combine({image, rows.offsets + row, rows.columns, rows.weights, 1, in_row, to});
      return to;
    };
    for (std::int64_t line = begin * together; line < std::min(end * together, lines); line += together) {
      T* to = results + line * out_row;
      if (together == 1) {
        combine({combined_row(line, combined.get()), columns.offsets, columns.columns, columns.weights, width, channels,
                 to});
      } else {
        CombineLines<T> task{
            {}, columns.offsets, columns.columns, columns.weights, std::min(together, lines - line), in_row, out_row,
            to};
        for (std::int64_t i = 0; i < task.lines; ++i) task.x[i] = combined_row(line + i, combined.get() + i * in_row);
        combine_planes(task);
      }
    }
  });
}

}  // namespace

void resample_images(CpuContext& context, const Tensor& x, const SparseRows& rows, const SparseRows& columns,
                     Tensor& y) {
  if (have_half(x)) return resample_images_of_half(context, x, rows, columns, y);
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { resample_images_as<T>(x, rows, columns, y); });
}

void resample(CpuContext& context, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  if (have_half(x)) return resample_of_half(context, x, matrix, y);
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { resample_as<T>(x, matrix, y); });
}

}  // namespace ebb::kernels
