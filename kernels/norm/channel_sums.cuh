#pragma once

#include <algorithm>
#include <bit>

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/counters.h"
#include "ebb/kernels/cuda/last_block.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"

// Two sums for each channel of (rows, channels), in one launch: threads take packets of channels of every so many rows,
// the rows of threads of a block are merged pairwise, and the last block of some channels merges what all blocks of
// theirs have left. The order depends on the sizes alone.
//
// All blocks together go from the last row to the first: what was written last is still in the cache, and what is read
// last will be when the maps of channel_maps.cuh go the other way.

namespace ebb::kernels::channels {

/// Two numbers for each of n neighbouring channels, of `count` rows.
template <class T, int n>
struct Pair {
  T count;
  Packet<T, n> a, b;
};

/// How (rows, channels) are shared out: a block has `lanes` packets of channels times some rows of threads, which take
/// a slab of rows at once; `blocks` blocks take turns with the slabs of the same channels.
struct Shares {
  std::int64_t rows, channels, slabs;
  unsigned lanes, slab, blocks, groups;

  /// 264 blocks are two for each multiprocessor of an H100, which all run at once.
  Shares(std::int64_t row_count, std::int64_t channel_count, int packet, int at_once, std::int64_t most_blocks = 264)
      : rows(row_count), channels(channel_count) {
    constexpr std::int64_t rows_per_thread = 16;  // or the merging costs as much as the reading
    const std::int64_t packets = (channels + packet - 1) / packet;
    lanes = std::bit_ceil(static_cast<unsigned>(std::min<std::int64_t>(packets, 32)));
    groups = grid_size((packets + lanes - 1) / lanes);
    slab = height() * at_once;
    slabs = (rows + slab - 1) / slab;
    const std::int64_t useful = std::max<std::int64_t>(rows / (height() * rows_per_thread), 1);
    blocks = static_cast<unsigned>(std::clamp<std::int64_t>(most_blocks / groups, 1, useful));
  }

  __host__ __device__ unsigned height() const { return block_size / lanes; }
  LaunchSize launch_size() const { return {dim3(groups, blocks), dim3(lanes, height())}; }

  /// The first row of the block's i-th slab; negative after the last.
  __device__ std::int64_t first_row(unsigned block, std::int64_t i) const {
    return (slabs - 1 - block - i * blocks) * slab;
  }
  /// How many rows the block has. The last slab, which may lack some, is block 0's.
  __device__ std::int64_t rows_of(unsigned block) const {
    const std::int64_t all = (slabs - block + blocks - 1) / blocks * slab;
    return block == 0 ? all - (slabs * slab - rows) : all;
  }
};

template <class T, int n>
inline constexpr unsigned blocks_at_once = sizeof(T) == 8 ? 4
                                           : n == 8       ? 3
                                                          : 6;

template <class T, int n>
struct ThreadPairs {
  Pair<T, n> of[block_size];
};

/// Merges the threads of a column; its first thread gets the result. All threads call it.
template <class Sums, class T, int n>
__device__ Pair<T, n> merge_column(Pair<T, n> own) {
  auto& shared = block_shared<ThreadPairs<T, n>>();
  const unsigned at = threadIdx.y * blockDim.x + threadIdx.x;
  for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.y >= half && threadIdx.y < 2 * half) shared.of[at] = own;
    __syncthreads();
    if (threadIdx.y < half) own = Sums::merged(own, shared.of[at + half * blockDim.x]);
  }
  return own;
}

/// Sums gives: merged(pair, pair), and add(pair, first row, step, end, channel), which adds `at_once` rows of those.
/// Finish takes each channel's two sums.
template <int n, class T, class Sums, class Finish>
__global__ void __launch_bounds__(block_size, 2)
    sum_channels(Sums sums, Finish finish, Shares shares, T* partial, unsigned* counters) {
  const std::int64_t channel = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * n;
  const bool has_channels = channel < shares.channels;
  Pair<T, n> own{};
  std::int64_t row = shares.first_row(blockIdx.y, 0) + threadIdx.y;
  const std::int64_t step = static_cast<std::int64_t>(shares.blocks) * shares.slab;
  for (; has_channels && row >= 0; row -= step) {
    if (row < shares.rows) sums.add(own, row, blockDim.y, shares.rows, channel);
  }
  own = merge_column<Sums>(own);
  if (gridDim.y > 1) {
    T* const a = partial + channel;
    T* const b = a + static_cast<std::int64_t>(gridDim.y) * shares.channels;
    if (threadIdx.y == 0 && has_channels) {
      store_global(a + blockIdx.y * shares.channels, own.a);
      store_global(b + blockIdx.y * shares.channels, own.b);
    }
    if (!is_last_block(counters + blockIdx.x, gridDim.y)) return;
    own = {};
    for (unsigned first = threadIdx.y; has_channels && first < gridDim.y; first += blockDim.y * blocks_at_once<T, n>) {
      Pair<T, n> loaded[blocks_at_once<T, n>];
#pragma unroll
      for (unsigned u = 0; u < blocks_at_once<T, n>; ++u) {
        const unsigned block = min(first + u * blockDim.y, gridDim.y - 1);
        loaded[u] = {static_cast<T>(shares.rows_of(block)), load_packet<T, n>(a + block * shares.channels),
                     load_packet<T, n>(b + block * shares.channels)};
      }
#pragma unroll
      for (unsigned u = 0; u < blocks_at_once<T, n>; ++u) {
        if (first + u * blockDim.y < gridDim.y) own = Sums::merged(own, loaded[u]);
      }
    }
    own = merge_column<Sums>(own);
  }
  if (threadIdx.y != 0 || !has_channels) return;
  for (int i = 0; i < n; ++i) finish(channel + i, own.a.element[i], own.b.element[i]);
}

/// Of x (rows, channels), neither 0.
template <int n, class T, class Sums, class Finish>
void launch_sums(CudaContext& context, std::int64_t rows, std::int64_t channel_count, const Sums& sums,
                 const Finish& finish) {
  const Shares shares(rows, channel_count, n, Sums::at_once);
  Tensor scratch;
  T* partial = nullptr;
  if (shares.blocks > 1) {
    const auto bytes = static_cast<std::int64_t>(2 * sizeof(T)) * shares.blocks * channel_count;
    scratch = allocate({bytes}, kUInt8, context.device());
    partial = reinterpret_cast<T*>(scratch.raw_data());
  }
  unsigned* const counter = shares.blocks > 1 ? counters(context, shares.groups) : nullptr;
  launch(context, sum_channels<n, T, Sums, Finish>, shares.launch_size(), sums, finish, shares, partial, counter);
}

}  // namespace ebb::kernels::channels
