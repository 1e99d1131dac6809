#pragma once

#include <cstddef>

#include <cuda_runtime.h>

// What only a CUDA compiler can say. The block emulator of the tests has its own file of this name.

namespace ebb::kernels {

template <class... Params, class... Args>
void invoke(void (*kernel)(Params...), dim3 blocks, dim3 threads, cudaStream_t stream, Args... args) {
  kernel<<<blocks, threads, 0, stream>>>(args...);
}

/// The one `Memory` that the threads of a block share; a type of its own for each kernel.
template <class Memory>
__device__ __forceinline__ Memory& block_shared() {
  __shared__ alignas(16) unsigned char bytes[sizeof(Memory)];
  return *reinterpret_cast<Memory*>(bytes);
}

}  // namespace ebb::kernels
