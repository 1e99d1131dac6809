#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "ebb/core/dtype/half.h"
#include "ebb/kernels/cuda/invoke.cuh"

// Instructions that CUDA C++ has no words for; sm_80 and later have them. The block emulator of the tests has its own
// file of this name.

namespace ebb::kernels {

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

// Between float and the bits of half precision, rounded to nearest even.

__device__ __forceinline__ float widen_f16(std::uint16_t x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
  return y;
}
__device__ __forceinline__ std::uint16_t round_to_f16(float x) {
  std::uint16_t y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ std::uint16_t round_to_bf16(float x) {
  std::uint16_t y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y) : "f"(x));
  return y;
}

/// Starts a copy of `bytes`, 4 or 16, into shared memory; both addresses are multiples of that.
template <int bytes>
__device__ __forceinline__ void copy_async(void* to_shared, const void* from) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(to_shared));
  if constexpr (bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
  } else {
    static_assert(bytes == 4);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(from) : "memory");
  }
}

/// Ends a group: the copies that the thread has started since the last one.
__device__ __forceinline__ void end_copy_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Until all groups of the thread but the newest `pending` are there. Other threads see them after a barrier.
template <int pending>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

/// c += a b by the lanes of a warp: a is (16, 8), b (8, 8), of floats whose 13 lowest bits do not count. With
/// g = lane / 4 and t = lane % 4 a lane has a[g + 8 (i % 2)][t + 4 (i / 2)], b[t + 4 i][g] and
/// c[g + 8 (i / 2)][2 t + i % 2]: PTX ISA, "Matrix fragments for mma.m16n8k8".
__device__ __forceinline__ void mma_tf32(float (&c)[4], const float (&a)[4], const float (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])), "r"(__float_as_uint(a[3])),
        "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}

/// Four matrices (8, 8) of 16-bit elements from shared memory: lane 8 i + j gives the address, a multiple of 16 bytes,
/// of row j of matrix i. With g = lane / 4 and t = lane % 4 a lane gets [g][2 t] and [g][2 t + 1] of each, in the lower
/// and the upper half, or [2 t][g] and [2 t + 1][g] where they are transposed: PTX ISA, "ldmatrix".
template <bool transposed>
__device__ __forceinline__ void load_matrices(const void* row, std::uint32_t (&x)[4]) {
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (transposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(at)
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(at)
                 : "memory");
  }
}

/// c += a b by the lanes of a warp: a is (16, 16), b (16, 8), of T of half precision, two to a word; c as mma_tf32's. A
/// lane has a[g + 8 (i % 2)][2 t + 8 (i / 2)] and its neighbour of the next k in a[i], and b[2 t + 8 i][g] and its in
/// b[i]: PTX ISA, "Matrix fragments for mma.m16n8k16".
template <class T>
__device__ __forceinline__ void mma_half(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  if constexpr (std::is_same_v<T, Half>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    static_assert(std::is_same_v<T, BFloat16>);
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, "
        "%2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
}

}  // namespace ebb::kernels
