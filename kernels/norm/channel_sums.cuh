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

namespace ebb::kernels::channels {

/// Two numbers for each of n neighbouring channels, of `count` rows.
template <class T, int n>
struct Pair {
  T count;
  Packet<T, n> a, b;
};

/// How (rows, channels) are shared out: `lanes` packets of channels times rows of threads a block, and `chunks` blocks
/// for the rows of the same channels.
struct Shares {
  std::int64_t rows, channels, chunk;
  unsigned lanes, chunks, groups;

  /// 396 blocks are three for each multiprocessor of an H100, which all run at once.
  Shares(std::int64_t row_count, std::int64_t channel_count, int packet, std::int64_t blocks = 396)
      : rows(row_count), channels(channel_count) {
    constexpr std::int64_t rows_per_thread = 8;  // or the merging costs as much as the reading
    const std::int64_t packets = (channels + packet - 1) / packet;
    lanes = std::bit_ceil(static_cast<unsigned>(std::min<std::int64_t>(packets, 32)));
    groups = grid_size((packets + lanes - 1) / lanes);
    const std::int64_t most = (rows + height() * rows_per_thread - 1) / (height() * rows_per_thread);
    const std::int64_t wanted = std::clamp<std::int64_t>(blocks / groups, 1, std::max<std::int64_t>(most, 1));
    chunk = (rows + wanted - 1) / wanted;
    chunks = static_cast<unsigned>((rows + chunk - 1) / chunk);
  }

  __host__ __device__ unsigned height() const { return block_size / lanes; }
  LaunchSize launch_size() const { return {dim3(groups, chunks), dim3(lanes, height())}; }
};

inline constexpr unsigned chunks_at_once = 4;

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
__global__ void sum_channels(Sums sums, Finish finish, Shares shares, T* partial, unsigned* counters) {
  const std::int64_t channel = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * n;
  const bool has_channels = channel < shares.channels;
  const auto row_of = [&](std::int64_t chunk) { return min(chunk * shares.chunk, shares.rows); };
  Pair<T, n> own{};
  if (has_channels) {
    const std::int64_t end = row_of(static_cast<std::int64_t>(blockIdx.y) + 1), step = blockDim.y;
    for (std::int64_t row = row_of(blockIdx.y) + threadIdx.y; row < end; row += step * Sums::at_once) {
      sums.add(own, row, step, end, channel);
    }
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
    for (unsigned first = threadIdx.y; has_channels && first < gridDim.y; first += blockDim.y * chunks_at_once) {
      Pair<T, n> loaded[chunks_at_once];
#pragma unroll
      for (unsigned u = 0; u < chunks_at_once; ++u) {
        const std::int64_t chunk = first + u * blockDim.y,
                           from = min(chunk, std::int64_t{gridDim.y} - 1) * shares.channels;
        loaded[u] = {static_cast<T>(row_of(chunk + 1) - row_of(chunk)), load_packet<T, n>(a + from),
                     load_packet<T, n>(b + from)};
      }
#pragma unroll
      for (unsigned u = 0; u < chunks_at_once; ++u) {
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
  const Shares shares(rows, channel_count, n);
  Tensor scratch;
  T* partial = nullptr;
  if (shares.chunks > 1) {
    const auto bytes = static_cast<std::int64_t>(2 * sizeof(T)) * shares.chunks * channel_count;
    scratch = allocate({bytes}, kUInt8, context.device());
    partial = reinterpret_cast<T*>(scratch.raw_data());
  }
  unsigned* const counter = shares.chunks > 1 ? counters(context, shares.groups) : nullptr;
  launch(context, sum_channels<n, T, Sums, Finish>, shares.launch_size(), sums, finish, shares, partial, counter);
}

}  // namespace ebb::kernels::channels
