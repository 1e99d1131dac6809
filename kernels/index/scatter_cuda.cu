// Sorts the index, so that the sources of one place lie side by side, and gives each place to a thread: no atomics, the
// same sums each time.
#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/packet_rows.h"
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

/// A thread's source k of a line, in sorted order; "lines" may be packets of neighbouring ones, which have one index.
struct Source {
  __device__ Source(const Sorted& sorted, const Divider& lines) : k(thread_index()) {
    line = lines.split(k);
    exists = k < sorted.length;
    places = sorted.places + line * sorted.row_step;
    order = sorted.order + line * sorted.row_step;
  }

  std::int64_t k, line;
  const std::int64_t *places, *order;
  bool exists;
};

/// A source, and the piece of equal places that it is the first of.
struct Piece : Source {
  __device__ Piece(const Sorted& sorted, const Divider& lines, std::int64_t y_size) : Source(sorted, lines) {
    if (!exists) return;
    const std::int64_t place = places[k];
    begins_place = k == 0 || places[k - 1] != place;
    begins = place >= 0 && place < y_size && (begins_place || begins_later(place));
    if (!begins) return;
    end = k + 1;
    while (end < sorted.length && end < k + piece && places[end] == place) ++end;
    ends_place = end == sorted.length || places[end] != place;
  }

  __device__ bool begins_later(std::int64_t place) const {
    if (k < piece || places[k - piece] != place) return false;
    return (k - partition_point(0, k, [&](std::int64_t i) { return places[i] < place; })) % piece == 0;
  }

  std::int64_t end = 0;
  bool begins = false, begins_place = false, ends_place = false;
};

template <int n, class Number, class T>
__device__ void add_to(Packet<Number, n>& sum, const Packet<T, n>& x) {
#pragma unroll
  for (int i = 0; i < n; ++i) sum.element[i] = static_cast<Number>(sum.element[i] + widened(x.element[i]));
}

/// A source a thread; it works where it is the last of its place.
template <int n, class T>
__global__ void assign_last(Walk<2> walk, Divider lines, Sorted sorted, Line line, const T* src, T* y) {
  const Source s(sorted, lines);
  if (!s.exists) return;
  const std::int64_t place = s.places[s.k];
  if (place < 0 || place >= line.y_size) return;
  if (s.k + 1 < sorted.length && s.places[s.k + 1] == place) return;
  const auto at = walk(s.line);
  store_packet(y + at.of[1] + place * line.y_stride,
               load_packet<T, n>(src + at.of[0] + s.order[s.k] * line.src_stride));
}

/// A source a thread; it works where it begins a piece: adds that to y where the place has no other, else puts its sum
/// aside, in partial[k, line].
template <int n, class T>
__global__ void add_pieces(Walk<2> walk, Divider lines, Sorted sorted, Line line, const T* src, OpMath<T>* partial,
                           T* y) {
  const Piece p(sorted, lines, line.y_size);
  if (!p.begins) return;
  const auto at = walk(p.line);
  const bool is_all = p.begins_place && p.ends_place;
  T* to = y + at.of[1] + p.places[p.k] * line.y_stride;
  Packet<OpMath<T>, n> sum{};
  if (is_all) sum = widened(load_packet<T, n>(to));
  for (std::int64_t k = p.k; k < p.end; ++k) {
    add_to(sum, load_packet<T, n>(src + at.of[0] + p.order[k] * line.src_stride));
  }
  if (is_all) {
    store_packet(to, rounded<T>(sum));
  } else {
    store_packet(partial + thread_index() * n, sum);
  }
}

/// A source a thread; it works where it is the first of a place with several pieces.
template <int n, class T>
__global__ void add_partials(Walk<2> walk, Divider lines, Sorted sorted, Line line, const OpMath<T>* partial, T* y) {
  const Piece p(sorted, lines, line.y_size);
  if (!p.begins || !p.begins_place || p.ends_place) return;
  const std::int64_t place = p.places[p.k];
  T* to = y + walk(p.line).of[1] + place * line.y_stride;
  auto sum = widened(load_packet<T, n>(to));
  for (std::int64_t k = p.k; k < sorted.length && p.places[k] == place; k += piece) {
    add_to(sum, load_packet<OpMath<T>, n>(partial + (k * lines.divisor() + p.line) * n));
  }
  store_packet(to, rounded<T>(sum));
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

/// lines: in packets of n.
template <int n, class T>
void scatter_sorted(CudaContext& context, Scatter how, const Rows<2>& lines, const Sorted& sorted, const Line& line,
                    const T* from, T* to) {
  const LaunchSize size = threads_for(lines.numel * sorted.length);
  const Walk<2> walk(lines);
  const Divider count(lines.numel);
  if (how == Scatter::assign) {
    launch(context, assign_last<n, T>, size, walk, count, sorted, line, from, to);
    return;
  }
  Tensor partial;
  using Number = OpMath<T>;
  Number* sums = nullptr;
  if (sorted.length > piece) {
    const std::int64_t bytes = lines.numel * sorted.length * n * static_cast<std::int64_t>(sizeof(Number));
    partial = allocate({bytes}, kUInt8, context.device());
    sums = reinterpret_cast<Number*>(partial.raw_data());
  }
  launch(context, add_pieces<n, T>, size, walk, count, sorted, line, from, sums, to);
  if (sums != nullptr) launch(context, add_partials<n, T>, size, walk, count, sorted, line, sums, to);
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
  if (lines.sizes.empty()) lines = {.sizes = {1}, .strides = {Strides{0}, Strides{0}}, .numel = 1};
  visit_any(y.dtype(), [&]<class T>() {
    constexpr int n = 16 / static_cast<int>(sizeof(T));
    const T* from = src.data<T>();
    T* to = y.data<T>();
    const bool fits = sorted.row_step == 0 && line.src_stride % n == 0 && line.y_stride % n == 0;
    const auto packets = in_packets(lines, n, std::array{fits && is_aligned<n>(from), fits && is_aligned<n>(to)});
    if (packets && lines.strides[0][0] == 1) {
      scatter_sorted<n>(context, how, *packets, sorted, line, from, to);
    } else {
      scatter_sorted<1>(context, how, lines, sorted, line, from, to);
    }
  });
}

}  // namespace ebb::kernels
