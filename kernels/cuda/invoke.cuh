#pragma once

#include <cstddef>
#include <cstring>

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

/// `value`, of a multiple of 16 bytes, to an address of global memory that 16 divides: 16 bytes an instruction. An
/// assignment of the structure may become one instruction for each member.
template <class Value>
__device__ __forceinline__ void store_words(void* to, const Value& value) {
  unsigned words[sizeof(Value) / sizeof(unsigned)];
  memcpy(words, &value, sizeof(Value));
#pragma unroll
  for (unsigned i = 0; i < sizeof(Value) / sizeof(unsigned); i += 4) {
    asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(
                     __cvta_generic_to_global(static_cast<char*>(to) + i * sizeof(unsigned))),
                 "r"(words[i]), "r"(words[i + 1]), "r"(words[i + 2]), "r"(words[i + 3])
                 : "memory");
  }
}

}  // namespace ebb::kernels
