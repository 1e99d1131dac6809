// Radix sorts, of rows that fit a block's shared memory and of longer ones.
#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/sort/block_radix.cuh"
#include "ebb/kernels/sort/radix_key.h"
#include "ebb/kernels/sort/sort_on_gpu.h"

namespace ebb::kernels {
namespace {

template <class T>
struct Matrix {
  const T* data;
  std::int64_t rows, n, row_step, column_step;

  __device__ T operator()(std::int64_t row, std::int64_t column) const {
    return data[row * row_step + column * column_step];
  }
};

template <class T>
struct Sorted {
  T* values;
  std::int64_t* indices;
};

/// Item j of the calling thread in its block: see radix_places.
template <int items>
__device__ int slot_of(int j) {
  const int thread = static_cast<int>(threadIdx.x);
  return thread / warp_size * (warp_size * items) + j * warp_size + thread % warp_size;
}

template <class Key, int items>
struct RadixTile {
  static constexpr int size = items * block_size;
  Key keys[size];
  unsigned columns[size];
  RadixCounts counts;
};

/// A row for each block. What is beyond its end has the greatest key, and stays there.
template <class T, int items>
__global__ void __launch_bounds__(block_size) sort_row(Matrix<T> x, bool descending, Sorted<T> sorted) {
  using Key = RadixKey<T>;
  auto& tile = block_shared<RadixTile<typename Key::Word, items>>();
  const std::int64_t row = blockIdx.x;
  typename Key::Word keys[items];
  unsigned columns[items], places[items];
#pragma unroll
  for (int j = 0; j < items; ++j) {
    columns[j] = static_cast<unsigned>(slot_of<items>(j));
    keys[j] = static_cast<typename Key::Word>(~typename Key::Word{0});
    if (columns[j] < x.n) keys[j] = Key::of(x(row, columns[j]), descending);
  }
#pragma unroll 1
  for (int shift = 0; shift < Key::bits; shift += radix_bits) {
    radix_places(keys, shift, tile.counts, places);
    const bool moves = tile.counts.whole_digit < 0;
    __syncthreads();
    if (!moves) continue;
#pragma unroll
    for (int j = 0; j < items; ++j) {
      tile.keys[places[j]] = keys[j];
      tile.columns[places[j]] = columns[j];
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < items; ++j) {
      keys[j] = tile.keys[slot_of<items>(j)];
      columns[j] = tile.columns[slot_of<items>(j)];
    }
  }
#pragma unroll
  for (int j = 0; j < items; ++j) {
    const std::int64_t to = slot_of<items>(j);
    if (to >= x.n) continue;
    sorted.values[row * x.n + to] = x(row, columns[j]);
    sorted.indices[row * x.n + to] = columns[j];
  }
}

/// Keys on their way, and the columns that they come from: (rows, n).
template <class Key>
struct Moving {
  Key* keys;
  unsigned* columns;
};

/// How rows are cut into tiles, each a block's.
struct RadixGrid {
  std::int64_t n, tiles;
  int shift;
};

inline constexpr int long_items = 16, long_tile = long_items * block_size;

/// What a pass sorts: at first x, then what the last pass has left.
template <class T>
struct RadixSource {
  using Key = RadixKey<T>;
  Matrix<T> x;
  Moving<typename Key::Word> moved;
  bool is_first, descending;

  __device__ typename Key::Word key(std::int64_t row, std::int64_t i) const {
    return is_first ? Key::of(x(row, i), descending) : moved.keys[row * x.n + i];
  }
  __device__ unsigned column(std::int64_t row, std::int64_t i) const {
    return is_first ? static_cast<unsigned>(i) : moved.columns[row * x.n + i];
  }
};

struct DigitCounts {
  unsigned of[radix_digits];
};

/// counts (rows, digits, tiles): how often each digit is in each tile.
template <class T>
__global__ void count_digits(RadixSource<T> from, RadixGrid grid, unsigned* counts) {
  auto& shared = block_shared<DigitCounts>();
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t row = blockIdx.x / grid.tiles, tile = blockIdx.x % grid.tiles;
  shared.of[thread] = 0;
  __syncthreads();
#pragma unroll 4
  for (int j = 0; j < long_items; ++j) {
    const std::int64_t i = tile * long_tile + j * block_size + thread;
    if (i < grid.n) atomicAdd(&shared.of[static_cast<unsigned>(from.key(row, i) >> grid.shift) % radix_digits], 1u);
  }
  __syncthreads();
  counts[(row * radix_digits + thread) * grid.tiles + tile] = shared.of[thread];
}

struct ScanScratch {
  unsigned of_warps[block_size / warp_size];
  unsigned carried;
};

/// Replaces the counts of a digit in a row by the sums of those before; `totals` (rows, digits) gets the sum of all.
__global__ void scan_tiles(std::int64_t tiles, unsigned* counts, unsigned* totals) {
  auto& scratch = block_shared<ScanScratch>();
  const int thread = static_cast<int>(threadIdx.x);
  unsigned* mine = counts + blockIdx.x * tiles;
  unsigned carried = 0;
  for (std::int64_t first = 0; first < tiles; first += block_size) {
    const std::int64_t i = first + thread;
    const unsigned count = i < tiles ? mine[i] : 0, before = block_exclusive_sum(count, scratch.of_warps);
    if (i < tiles) mine[i] = carried + before;
    if (thread == block_size - 1) scratch.carried = carried + before + count;
    __syncthreads();
    carried = scratch.carried;
    __syncthreads();
  }
  if (thread == 0) totals[blockIdx.x] = carried;
}

/// The pass itself. The last one writes what is sorted, not keys.
template <class T>
__global__ void __launch_bounds__(block_size)
    move_by_digit(RadixSource<T> from, RadixGrid grid, const unsigned* counts, const unsigned* totals, bool is_last,
                  Moving<typename RadixKey<T>::Word> to, Sorted<T> sorted) {
  using Word = typename RadixKey<T>::Word;
  auto& tile = dynamic_shared<RadixTile<Word, long_items>>();
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t row = blockIdx.x / grid.tiles, number = blockIdx.x % grid.tiles, start = number * long_tile;
  const auto size = static_cast<int>(min(grid.n - start, std::int64_t{long_tile}));
  Word keys[long_items];
  unsigned places[long_items];
#pragma unroll
  for (int j = 0; j < long_items; ++j) {
    const int slot = slot_of<long_items>(j);
    keys[j] = slot < size ? from.key(row, start + slot) : static_cast<Word>(~Word{0});
  }
  radix_places(keys, grid.shift, tile.counts, places);
#pragma unroll
  for (int j = 0; j < long_items; ++j) {
    const int slot = slot_of<long_items>(j);
    tile.keys[places[j]] = keys[j];
    tile.columns[places[j]] = slot < size ? from.column(row, start + slot) : 0;
  }
  const std::int64_t digit = row * radix_digits + thread;
  const unsigned before = block_exclusive_sum(totals[digit], tile.counts.scratch);
  const unsigned destination = before + counts[digit * grid.tiles + number] - tile.counts.first[thread];
  __syncthreads();
  tile.counts.first[thread] = destination;  // of place 0, if it had that digit
  __syncthreads();
#pragma unroll
  for (int j = 0; j < long_items; ++j) {
    const int place = j * block_size + thread;
    if (place >= size) continue;
    const Word key = tile.keys[place];
    const unsigned column = tile.columns[place];
    const std::int64_t at = row * grid.n + tile.counts.first[static_cast<unsigned>(key >> grid.shift) % radix_digits] +
                            static_cast<unsigned>(place);
    if (is_last) {
      sorted.values[at] = from.x(row, column);
      sorted.indices[at] = column;
    } else {
      to.keys[at] = key;
      to.columns[at] = column;
    }
  }
}

template <class T>
Tensor scratch_of(CudaContext& context, std::int64_t count) {
  return allocate({count * static_cast<std::int64_t>(sizeof(T))}, kUInt8, context.device());
}

template <class T>
T* data_of(Tensor& scratch) {
  return reinterpret_cast<T*>(scratch.raw_data());
}

template <class T>
void sort_long_rows(CudaContext& context, const Matrix<T>& x, bool descending, const Sorted<T>& sorted) {
  using Word = typename RadixKey<T>::Word;
  check(x.n <= UINT32_MAX, "sorts rows of up to 2^32 - 1 elements on a GPU, got ", x.n);
  constexpr int passes = RadixKey<T>::bits / radix_bits;
  const std::int64_t count = x.rows * x.n, tiles = (x.n + long_tile - 1) / long_tile;
  Tensor counts = scratch_of<unsigned>(context, x.rows * radix_digits * tiles);
  Tensor totals = scratch_of<unsigned>(context, x.rows * radix_digits);
  Tensor keys[2], columns[2];
  for (int side = 0; side < std::min(passes - 1, 2); ++side) {
    keys[side] = scratch_of<Word>(context, count);
    columns[side] = scratch_of<unsigned>(context, count);
  }
  RadixSource<T> from{x, {}, true, descending};
  for (int pass = 0; pass < passes; ++pass) {
    const RadixGrid grid{x.n, tiles, pass * radix_bits};
    const LaunchSize size{dim3(grid_size(x.rows * tiles))};
    const bool is_last = pass == passes - 1;
    Moving<Word> to{};
    if (!is_last) to = {data_of<Word>(keys[pass % 2]), data_of<unsigned>(columns[pass % 2])};
    launch(context, count_digits<T>, size, from, grid, data_of<unsigned>(counts));
    launch(context, scan_tiles, {dim3(grid_size(x.rows * radix_digits))}, tiles, data_of<unsigned>(counts),
           data_of<unsigned>(totals));
    launch(context, move_by_digit<T>, {size.blocks, size.threads, sizeof(RadixTile<Word, long_items>)}, from, grid,
           data_of<unsigned>(counts), data_of<unsigned>(totals), is_last, to, sorted);
    from.moved = to;
    from.is_first = false;
  }
}

}  // namespace

void radix_sort(CudaContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  visit_any(x.dtype(), [&]<class T>() {
    const Matrix<T> matrix{x.data<T>(), x.size(0), x.size(1), x.stride(0), x.stride(1)};
    const Sorted<T> sorted{y.data<T>(), indices.data<std::int64_t>()};
    const auto by_row = [&](auto kernel) {
      launch(context, kernel, {dim3(grid_size(matrix.rows))}, matrix, descending, sorted);
    };
    if (matrix.n <= 2 * block_size) return by_row(sort_row<T, 2>);
    if (matrix.n <= 4 * block_size) return by_row(sort_row<T, 4>);
    if (matrix.n <= 8 * block_size) return by_row(sort_row<T, 8>);
    sort_long_rows(context, matrix, descending, sorted);
  });
}

}  // namespace ebb::kernels
