// Sorts the index, so that the sources of one place lie side by side, and gives each place to a thread: no atomics, the
// same sums each time.
#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/partition_point.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/index/index.h"
#include "ebb/kernels/index/index_lines.h"
#include "ebb/kernels/sort/sort.h"

namespace ebb::kernels {
namespace {

inline constexpr std::int64_t piece = 256;  // sources of a place that one thread adds up

/// The index along one dimension, sorted: places (rows, length) ascending, order where they were. One row serves all
/// lines where the index is the same for each.
struct Sorted {
  const std::int64_t *places, *order;
  std::int64_t length, row_step;
};

/// The strides along the dimension, and the size of what is written to.
struct Line {
  std::int64_t src_stride, y_size, y_stride;
};

/// Where the places begin that are equal to places[k].
__device__ inline std::int64_t first_equal(const std::int64_t* places, std::int64_t k) {
  return partition_point(0, k, [&](std::int64_t i) { return places[i] < places[k]; });
}

/// A sorted source k of a line, and the piece of equal places that it is the first of.
struct Piece {
  __device__ Piece(const Sorted& sorted, std::int64_t thread, std::int64_t lines, std::int64_t y_size)
      : k(thread / lines),
        line(thread % lines),
        places(sorted.places + line * sorted.row_step),
        order(sorted.order + line * sorted.row_step) {
    const std::int64_t place = places[k];
    begins = place >= 0 && place < y_size && (k - first_equal(places, k)) % piece == 0;
    if (!begins) return;
    begins_place = k == 0 || places[k - 1] != place;
    end = k + 1;
    while (end < sorted.length && end < k + piece && places[end] == place) ++end;
    ends_place = end == sorted.length || places[end] != place;
  }

  std::int64_t k, line, end = 0;
  const std::int64_t *places, *order;
  bool begins = false, begins_place = false, ends_place = false;
};

/// A source a thread; it works where it is the last of its place.
template <class T>
__global__ void assign_last(Walk<2> walk, std::int64_t lines, Sorted sorted, Line line, const T* src, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= lines * sorted.length) return;
  const std::int64_t k = thread / lines, row = thread % lines * sorted.row_step, place = sorted.places[row + k];
  if (place < 0 || place >= line.y_size) return;
  if (k + 1 < sorted.length && sorted.places[row + k + 1] == place) return;
  const auto at = walk(thread % lines);
  y[at.of[1] + place * line.y_stride] = src[at.of[0] + sorted.order[row + k] * line.src_stride];
}

/// A source a thread; it works where it begins a piece: adds that to y where the place has no other, else puts its sum
/// aside, in partial[k, line].
template <class T>
__global__ void add_pieces(Walk<2> walk, std::int64_t lines, Sorted sorted, Line line, const T* src, T* partial, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= lines * sorted.length) return;
  const Piece p(sorted, thread, lines, line.y_size);
  if (!p.begins) return;
  const auto at = walk(p.line);
  const bool is_all = p.begins_place && p.ends_place;
  T* to = is_all ? y + at.of[1] + p.places[p.k] * line.y_stride : partial + thread;
  T sum = is_all ? *to : T(0);
  for (std::int64_t k = p.k; k < p.end; ++k) sum = static_cast<T>(sum + src[at.of[0] + p.order[k] * line.src_stride]);
  *to = sum;
}

/// A source a thread; it works where it is the first of a place with several pieces.
template <class T>
__global__ void add_partials(Walk<2> walk, std::int64_t lines, Sorted sorted, Line line, const T* partial, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= lines * sorted.length) return;
  const Piece p(sorted, thread, lines, line.y_size);
  if (!p.begins_place || p.ends_place) return;
  const std::int64_t place = p.places[p.k];
  T& to = y[walk(p.line).of[1] + place * line.y_stride];
  T sum = to;
  for (std::int64_t k = p.k; k < sorted.length && p.places[k] == place; k += piece) {
    sum = static_cast<T>(sum + partial[k * lines + p.line]);
  }
  to = sum;
}

bool is_same_for_all_lines(const Tensor& index, int dim) {
  for (int d = 0; d < index.dim(); ++d) {
    if (d != dim && index.size(d) > 1 && index.stride(d) != 0) return false;
  }
  return true;
}

/// The lines of the index as the rows of a matrix, in the order in which `shape` without dim counts them.
Tensor lines_as_rows(CudaContext& context, const Tensor& index, int dim) {
  if (is_same_for_all_lines(index, dim)) {
    return index.alias({1, index.size(dim)}, Strides{0, index.stride(dim)}, index.storage_offset());
  }
  Shape shape;
  Strides strides;
  for (int d = 0; d < index.dim(); ++d) {
    if (d == dim) continue;
    shape.push_back(index.size(d));
    strides.push_back(index.stride(d));
  }
  shape.push_back(index.size(dim));
  strides.push_back(index.stride(dim));
  Tensor rows = allocate(shape, kInt64, context.device());
  copy(context, index.alias(shape, strides, index.storage_offset()), rows);
  return rows.alias({index.numel() / index.size(dim), index.size(dim)}, Strides{index.size(dim), 1}, 0);
}

template <class T>
void scatter_sorted(CudaContext& context, Scatter how, const Walk<2>& walk, std::int64_t lines, const Sorted& sorted,
                    const Line& line, const Tensor& src, Tensor& y) {
  const LaunchSize size = threads_for(lines * sorted.length);
  const T* from = src.data<T>();
  T* to = y.data<T>();
  if (how == Scatter::assign) {
    launch(context, assign_last<T>, size, walk, lines, sorted, line, from, to);
    return;
  }
  Tensor partial;
  if (sorted.length > piece) partial = allocate({lines * sorted.length}, y.dtype(), context.device());
  T* sums = partial.defined() ? partial.data<T>() : nullptr;
  launch(context, add_pieces<T>, size, walk, lines, sorted, line, from, sums, to);
  if (partial.defined()) launch(context, add_partials<T>, size, walk, lines, sorted, line, sums, to);
}

}  // namespace

void scatter(CudaContext& context, Scatter how, int dim, const Tensor& index, const Tensor& src, Tensor& y) {
  if (index.numel() == 0 || y.size(dim) == 0) return;
  const Tensor rows = lines_as_rows(context, index, dim);
  Tensor places = allocate(rows.shape(), kInt64, context.device()),
         order = allocate(rows.shape(), kInt64, context.device());
  sort(context, rows, false, places, order);
  const Sorted sorted{places.data<std::int64_t>(), order.data<std::int64_t>(), index.size(dim),
                      rows.size(0) == 1 ? 0 : index.size(dim)};
  const Line line{src.stride(dim), y.size(dim), y.stride(dim)};
  // Not plan_rows, which may count the lines in another order than the rows of the index.
  Rows<2> lines{.sizes = {}, .strides = {}, .numel = 1};
  for (int d = index.dim() - 1; d >= 0; --d) {
    if (d == dim) continue;
    lines.sizes.push_back(index.size(d));
    lines.strides[0].push_back(src.stride(d));
    lines.strides[1].push_back(y.stride(d));
    lines.numel *= index.size(d);
  }
  visit_number(y.dtype(),
               [&]<class T>() { scatter_sorted<T>(context, how, Walk<2>(lines), lines.numel, sorted, line, src, y); });
}

}  // namespace ebb::kernels
