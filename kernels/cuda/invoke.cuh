#pragma once

#include <cstddef>

#include <cuda_runtime.h>

// What only a CUDA compiler can say. The block emulator of the tests has its own file of this name.

namespace ebb::kernels {

template <class... Params, class... Args>
void invoke(void (*kernel)(Params...), dim3 blocks, dim3 threads, std::size_t shared, cudaStream_t stream,
            Args... args) {
  constexpr std::size_t without_asking = 48 << 10;
  if (shared > without_asking) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared));
  }
  kernel<<<blocks, threads, shared, stream>>>(args...);
}

/// The one `Memory` that the threads of a block share; a type of its own for each kernel.
template <class Memory>
__device__ __forceinline__ Memory& block_shared() {
  __shared__ alignas(16) unsigned char bytes[sizeof(Memory)];
  return *reinterpret_cast<Memory*>(bytes);
}

/// The same, of a launch that has asked for sizeof(Memory) bytes of dynamic shared memory: as many as the GPU has.
template <class Memory>
__device__ __forceinline__ Memory& dynamic_shared() {
  extern __shared__ __align__(16) unsigned char dynamic_bytes[];
  return *reinterpret_cast<Memory*>(dynamic_bytes);
}

}  // namespace ebb::kernels
