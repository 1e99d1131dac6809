#pragma once

#include <cstdint>

#include <cuda.h>

#include "ebb/kernels/cuda/invoke.cuh"

// Copies by Hopper's TMA, and the barriers that count what has arrived, for files that are compiled for compute_90a.
// The block emulator of the tests has its own file of this name.

namespace ebb::kernels {

/// PTX's mbarrier, in shared memory. A phase is over when all arrivals and all bytes that it expects are there; then
/// the next begins, which expects as many arrivals, and no bytes yet. The parity of the first is 0.
struct MBarrier {
  std::uint64_t state;
};

namespace tma_detail {

__device__ __forceinline__ unsigned in_shared(const void* at) {
  return static_cast<unsigned>(__cvta_generic_to_shared(at));
}

}  // namespace tma_detail

__device__ __forceinline__ void init_mbarrier(MBarrier& barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(tma_detail::in_shared(&barrier)), "r"(arrivals)
               : "memory");
}
/// By the thread that has made some, before the block's next barrier.
__device__ __forceinline__ void publish_mbarriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void arrive(MBarrier& barrier) {
  asm volatile("mbarrier.arrive.release.cta.shared::cta.b64 _, [%0];" ::"r"(tma_detail::in_shared(&barrier))
               : "memory");
}
/// Arrives, and has the phase expect so many bytes more.
__device__ __forceinline__ void arrive_expecting(MBarrier& barrier, unsigned bytes) {
  asm volatile(
      "mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%0], %1;" ::"r"(tma_detail::in_shared(&barrier)),
      "r"(bytes)
      : "memory");
}
/// Until the phase of this parity is over: the current one, or the one before.
__device__ __forceinline__ void wait_for_phase(MBarrier& barrier, unsigned parity) {
  unsigned is_over;
  do {
    asm volatile("{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
                 : "=r"(is_over)
                 : "r"(tma_detail::in_shared(&barrier)), "r"(parity)
                 : "memory");
  } while (is_over == 0);
}

/// Where a box begins in a tensor.
struct BoxPlace {
  int element, line, matrix;
};

/// Starts the copy of a box to shared memory, to a multiple of 1024 bytes; its bytes arrive at `barrier`. `map` is a
/// __grid_constant__ parameter of the kernel.
__device__ __forceinline__ void copy_box(void* to_shared, const CUtensorMap& map, const BoxPlace& first,
                                         MBarrier& barrier) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4}], [%5];" ::
          "r"(tma_detail::in_shared(to_shared)),
      "l"(&map), "r"(first.element), "r"(first.line), "r"(first.matrix), "r"(tma_detail::in_shared(&barrier))
      : "memory");
}
__device__ __forceinline__ void prefetch_map(const CUtensorMap& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}

/// By four warps together: they need no more registers than that, so that others can have theirs; or they wait for so
/// many.
template <int registers>
__device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}
template <int registers>
__device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

/// As __syncthreads, of the block's first `threads`.
template <int threads>
__device__ __forceinline__ void sync_first_threads() {
  asm volatile("bar.sync 1, %0;" ::"n"(threads) : "memory");
}

}  // namespace ebb::kernels
