#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <cuda_runtime_api.h>

#include "tests/support/cuda_emulator/emulator.h"

// The language of kernels, for a C++ compiler.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(...)
#define __shared__ static  // blocks run one after the other

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1) : x(x_size), y(y_size), z(z_size) {}
};

/// Set by the scheduler before a thread runs on.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulator::sync_block({file, line});
}

inline void __syncwarp(unsigned mask = 0xffffffffu, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulator::sync_warp(mask, {file, line});
}

namespace emulator {

template <class T>
T shuffle(unsigned mask, T value, int source, Place place) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));
  word = exchange(mask, word, source, place);
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

/// The lane to read from; one outside of the segment of `width` lanes reads itself.
inline int in_segment(int source, int width) {
  const int first = lane() / width * width;
  return source >= first && source < first + width ? source : lane();
}

}  // namespace emulator

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, const char* file = __builtin_FILE(),
              int line = __builtin_LINE()) {
  return emulator::shuffle(mask, value, emulator::lane() / width * width + source % width, {file, line});
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, const char* file = __builtin_FILE(),
                   int line = __builtin_LINE()) {
  const int source = emulator::in_segment(emulator::lane() + static_cast<int>(delta), width);
  return emulator::shuffle(mask, value, source, {file, line});
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, const char* file = __builtin_FILE(),
                 int line = __builtin_LINE()) {
  const int source = emulator::in_segment(emulator::lane() - static_cast<int>(delta), width);
  return emulator::shuffle(mask, value, source, {file, line});
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  return emulator::shuffle(mask, value, emulator::in_segment(emulator::lane() ^ lanes, width), {file, line});
}

inline unsigned __ballot_sync(unsigned mask, int vote, const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
  return emulator::ballot(mask, vote != 0, {file, line});
}

inline int __popc(unsigned x) { return std::popcount(x); }

inline unsigned atomicAdd(unsigned* to, unsigned value) { return __atomic_fetch_add(to, value, __ATOMIC_RELAXED); }
inline void __threadfence() {}

template <class T, class U>
std::common_type_t<T, U> min(T a, U b) {
  return b < a ? b : a;
}
template <class T, class U>
std::common_type_t<T, U> max(T a, U b) {
  return a < b ? b : a;
}
