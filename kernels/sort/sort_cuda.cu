// A merge sort: blocks sort tiles in their shared memory, then runs are merged in pairs, each block making a tile.
#include "ebb/kernels/sort/sort.h"

#include <algorithm>
#include <bit>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/partition_point.cuh"
#include "ebb/kernels/sort/sort_order.h"

namespace ebb::kernels {
namespace {

inline constexpr int tile = 1024;  // elements of a block

/// An element and its place in the row; none has the place `nowhere`, and comes last.
template <class T>
struct Item {
  static constexpr std::int64_t nowhere = -1;
  T value;
  std::int64_t place;
};

/// The order of all items, none equal: so that any way of sorting is stable.
template <class T>
__device__ bool before(const Item<T>& a, const Item<T>& b, bool descending) {
  if (a.place < 0 || b.place < 0) return b.place < 0 && a.place >= 0;
  if (precedes(a.value, b.value, descending)) return true;
  return !precedes(b.value, a.value, descending) && a.place < b.place;
}

/// Rows of n items, in two arrays.
template <class T>
struct Items {
  T* values;
  std::int64_t* places;

  __device__ Item<T> operator[](std::int64_t i) const { return {values[i], places[i]}; }
  __device__ void put(std::int64_t i, const Item<T>& item) const {
    values[i] = item.value;
    places[i] = item.place;
  }
};

template <class T>
struct Matrix {
  const T* data;
  std::int64_t rows, n, row_step, column_step;
};

template <class T>
struct Tile {
  Item<T> items[tile];
};

/// Sorts pieces of rows, `width` long, a power of two; a block has as many as fit a tile. Batcher's bitonic network.
template <class T>
__global__ void sort_pieces(Matrix<T> x, int width, bool descending, Items<T> sorted) {
  auto& items = block_shared<Tile<T>>().items;
  const std::int64_t pieces = (x.n + width - 1) / width;
  const auto row_and_place = [&](int slot, std::int64_t& row, std::int64_t& place) {
    const std::int64_t piece = static_cast<std::int64_t>(blockIdx.x) * (tile / width) + slot / width;
    row = piece / pieces;
    place = piece % pieces * width + slot % width;
    return row < x.rows && place < x.n;
  };
  std::int64_t row = 0, place = 0;
  for (int slot = static_cast<int>(threadIdx.x); slot < tile; slot += block_size) {
    const bool exists = row_and_place(slot, row, place);
    items[slot] =
        exists ? Item<T>{x.data[row * x.row_step + place * x.column_step], place} : Item<T>{T(), Item<T>::nowhere};
  }
  __syncthreads();
  for (int length = 2; length <= width; length *= 2) {
    for (int distance = length / 2; distance > 0; distance /= 2) {
      for (int pair = static_cast<int>(threadIdx.x); pair < tile / 2; pair += block_size) {
        const int low = 2 * pair - (pair & (distance - 1)), high = low + distance;
        const bool ascending = (low & length) == 0 || length == width;
        const Item<T> a = items[low], b = items[high];
        if (ascending ? before(b, a, descending) : before(a, b, descending)) {
          items[low] = b;
          items[high] = a;
        }
      }
      __syncthreads();
    }
  }
  for (int slot = static_cast<int>(threadIdx.x); slot < tile; slot += block_size) {
    if (row_and_place(slot, row, place)) sorted.put(row * x.n + place, items[slot]);
  }
}

/// How many of the first `count` items of two runs, merged, come from the first.
template <class T, class A, class B>
__device__ std::int64_t taken_of_first(const A& a, std::int64_t a_size, const B& b, std::int64_t b_size,
                                       std::int64_t count, bool descending) {
  return partition_point(max(std::int64_t{0}, count - b_size), min(count, a_size),
                         [&](std::int64_t taken) { return before(a(taken), b(count - 1 - taken), descending); });
}

/// How many of items[first, end), which are in order, come before `item`.
template <class T>
__device__ int count_before(const Item<T>* items, int first, int end, const Item<T>& item, bool descending) {
  return static_cast<int>(
      partition_point(first, end, [&](std::int64_t i) { return before(items[i], item, descending); }) - first);
}

template <class T>
struct MergeTile {
  Item<T> items[tile];
  std::int64_t splits[2];
};

/// Merges the runs of length `run` of each row, two and two; a block makes a tile of what comes out.
template <class T>
__global__ void merge_runs(std::int64_t n, std::int64_t run, bool descending, Items<T> from, Items<T> to) {
  auto& shared = block_shared<MergeTile<T>>();
  const std::int64_t tiles = (n + tile - 1) / tile, row_start = blockIdx.x / tiles * n;
  const std::int64_t first = blockIdx.x % tiles * tile, start = first / (2 * run) * (2 * run);
  const std::int64_t middle = min(start + run, n), end = min(start + 2 * run, n);
  const auto in_first = [&](std::int64_t i) { return from[row_start + start + i]; };
  const auto in_second = [&](std::int64_t i) { return from[row_start + middle + i]; };
  if (threadIdx.x < 2) {
    const std::int64_t count = min(first + threadIdx.x * std::int64_t{tile}, end) - start;
    shared.splits[threadIdx.x] =
        taken_of_first<T>(in_first, middle - start, in_second, end - middle, count, descending);
  }
  __syncthreads();
  const std::int64_t a_start = shared.splits[0], b_start = first - start - a_start;
  const int size = static_cast<int>(min(std::int64_t{tile}, end - first));
  const int of_first = static_cast<int>(shared.splits[1] - a_start);
  for (int slot = static_cast<int>(threadIdx.x); slot < size; slot += block_size) {
    shared.items[slot] = slot < of_first ? in_first(a_start + slot) : in_second(b_start + slot - of_first);
  }
  __syncthreads();
  for (int slot = static_cast<int>(threadIdx.x); slot < size; slot += block_size) {
    const Item<T> item = shared.items[slot];
    const int rank = slot < of_first ? slot + count_before(shared.items, of_first, size, item, descending)
                                     : slot - of_first + count_before(shared.items, 0, of_first, item, descending);
    to.put(row_start + first + rank, item);
  }
}

template <class T>
void sort_as(CudaContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  const std::int64_t rows = x.size(0), n = x.size(1);
  const int width = static_cast<int>(std::bit_ceil(static_cast<std::uint64_t>(std::min<std::int64_t>(n, tile))));
  int merges = 0;
  for (std::int64_t run = width; run < n; run *= 2) ++merges;
  Tensor other_values, other_places;
  if (merges > 0) {
    other_values = allocate(y.shape(), y.dtype(), context.device());
    other_places = allocate(y.shape(), kInt64, context.device());
  }
  const Items<T> result{y.data<T>(), indices.data<std::int64_t>()};
  const Items<T> other = merges > 0 ? Items<T>{other_values.data<T>(), other_places.data<std::int64_t>()} : result;
  Items<T> from = merges % 2 == 0 ? result : other, to = merges % 2 == 0 ? other : result;

  const std::int64_t pieces = rows * ((n + width - 1) / width), pieces_in_block = tile / width;
  const Matrix<T> matrix{x.data<T>(), rows, n, x.stride(0), x.stride(1)};
  launch(context, sort_pieces<T>, {dim3(grid_size((pieces + pieces_in_block - 1) / pieces_in_block))}, matrix, width,
         descending, from);
  for (std::int64_t run = width; run < n; run *= 2) {
    launch(context, merge_runs<T>, {dim3(grid_size(rows * ((n + tile - 1) / tile)))}, n, run, descending, from, to);
    std::swap(from, to);
  }
}

template <bool inverse, class T>
__global__ void move_in_rows(std::int64_t count, std::int64_t n, const T* x, std::int64_t row_step,
                             std::int64_t column_step, const std::int64_t* order, T* y) {
  const std::int64_t k = thread_index();
  if (k >= count) return;
  const std::int64_t row = k / n, i = k % n, from = inverse ? i : order[k], to = inverse ? order[k] : i;
  y[row * n + to] = x[row * row_step + from * column_step];
}

template <bool inverse>
void launch_move(CudaContext& context, const Tensor& x, const Tensor& order, Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, move_in_rows<inverse, T>, threads_for(x.numel()), x.numel(), x.size(1), x.data<T>(), x.stride(0),
           x.stride(1), order.data<std::int64_t>(), y.data<T>());
  });
}

}  // namespace

void sort(CudaContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  if (x.numel() == 0) return;
  visit_number(x.dtype(), [&]<class T>() { sort_as<T>(context, x, descending, y, indices); });
}

void permute_rows(CudaContext& context, const Tensor& x, const Tensor& order, Tensor& y) {
  launch_move<false>(context, x, order, y);
}

void unpermute_rows(CudaContext& context, const Tensor& x, const Tensor& order, Tensor& y) {
  launch_move<true>(context, x, order, y);
}

}  // namespace ebb::kernels
