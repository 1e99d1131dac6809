#pragma once

#include "ebb/kernels/cuda/invoke.cuh"

namespace ebb::kernels {

struct LastBlock {
  bool is_last;
};

/// Whether all other of `blocks` blocks have been here: then what they had written before can be read. All threads of a
/// block call it. The counter is 0 before the launch and after it.
__device__ inline bool is_last_block(unsigned* counter, unsigned blocks) {
  auto& shared = block_shared<LastBlock>();
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0 && threadIdx.y == 0) {
    shared.is_last = atomicAdd(counter, 1u) == blocks - 1;
    if (shared.is_last) *counter = 0;
  }
  __syncthreads();
  if (shared.is_last) __threadfence();
  return shared.is_last;
}

}  // namespace ebb::kernels
