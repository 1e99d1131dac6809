#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"

// One pass of a radix sort by the threads of a block: items go where those with smaller digits, and those with the same
// digit before them, leave off. Of the counting, see Merrill and Grimshaw, "High performance and scalable radix
// sorting", 2011; lanes with the same digit are found by a ballot for each of its bits.

namespace ebb::kernels {

inline constexpr int radix_bits = 8, radix_digits = 1 << radix_bits;
static_assert(radix_digits == block_size);  // a thread for each digit

/// The sum of the values of all threads before this one; `scratch` is the block's.
__device__ inline unsigned block_exclusive_sum(unsigned value, unsigned (&scratch)[block_size / warp_size]) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
  unsigned sum = value;
  for (int delta = 1; delta < warp_size; delta *= 2) {
    const unsigned before = shuffle_up(sum, delta);
    if (lane >= delta) sum += before;
  }
  if (lane == warp_size - 1) scratch[warp] = sum;
  __syncthreads();
  unsigned of_warps = 0;
  for (int w = 0; w < warp; ++w) of_warps += scratch[w];
  __syncthreads();
  return of_warps + sum - value;
}

/// The counts of a block's digits, and what its threads exchange.
struct RadixCounts {
  static constexpr int warps = block_size / warp_size;
  unsigned of_warp[warps][radix_digits];  // then the place of a warp's first item with a digit
  unsigned first[radix_digits];           // the place of the block's first item with a digit
  unsigned scratch[warps];
  int whole_digit;  // of all items; -1: they have several
};

/// Item j of a lane is the (32 j + lane)th of its warp, and the warps' items follow each other: so places grow with the
/// order of the items. Each thread gets the places of its `items`, by the digit at bit `shift`. All threads call it.
template <int items, class Key>
__device__ void radix_places(const Key (&keys)[items], int shift, RadixCounts& counts, unsigned (&places)[items]) {
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size;
  auto& mine = counts.of_warp[thread / warp_size];
  for (int d = lane; d < radix_digits; d += warp_size) mine[d] = 0;
  if (thread == 0) counts.whole_digit = -1;
  __syncwarp();
#pragma unroll
  for (int j = 0; j < items; ++j) {
    const auto digit = static_cast<unsigned>(keys[j] >> shift) % radix_digits;
    unsigned same = all_lanes;
#pragma unroll
    for (int bit = 0; bit < radix_bits; ++bit) {
      const bool is_set = (digit >> bit & 1u) != 0;
      const unsigned set = __ballot_sync(all_lanes, is_set);
      same &= is_set ? set : ~set;
    }
    const int before = __popc(same & ((1u << lane) - 1));
    const unsigned seen = mine[digit];
    __syncwarp();
    if (before == 0) mine[digit] = seen + static_cast<unsigned>(__popc(same));
    __syncwarp();
    places[j] = seen + static_cast<unsigned>(before);
  }
  __syncthreads();
  unsigned total = 0;
  for (auto& of_warp : counts.of_warp) {
    const unsigned count = of_warp[thread];
    of_warp[thread] = total;
    total += count;
  }
  if (total == items * block_size) counts.whole_digit = thread;
  counts.first[thread] = block_exclusive_sum(total, counts.scratch);
  __syncthreads();
#pragma unroll
  for (int j = 0; j < items; ++j) {
    const auto digit = static_cast<unsigned>(keys[j] >> shift) % radix_digits;
    places[j] += mine[digit] + counts.first[digit];
  }
}

}  // namespace ebb::kernels
