#pragma once

#include <cstdint>
#include <cstring>

#include <cuda.h>
#include <cuda_runtime.h>

#include "tests/support/cuda_emulator/tma/tensor_map.h"

// Shadows ebb's own file of this name.

namespace ebb::kernels {

struct MBarrier {
  std::uint64_t state;
};

inline void init_mbarrier(MBarrier& barrier, int arrivals, const char* file = __builtin_FILE(),
                          int line = __builtin_LINE()) {
  emulator::init_mbarrier(&barrier, static_cast<unsigned>(arrivals), {file, line});
}
inline void publish_mbarriers() { emulator::publish_mbarriers(); }
inline void arrive(MBarrier& barrier, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulator::arrive(&barrier, 0, {file, line});
}
inline void arrive_expecting(MBarrier& barrier, unsigned bytes, const char* file = __builtin_FILE(),
                             int line = __builtin_LINE()) {
  emulator::arrive(&barrier, bytes, {file, line});
}
inline void wait_for_phase(MBarrier& barrier, unsigned parity, const char* file = __builtin_FILE(),
                           int line = __builtin_LINE()) {
  emulator::wait_for_phase(&barrier, parity, {file, line});
}

struct BoxPlace {
  int element, line, matrix;
};

inline void copy_box(void* to_shared, const CUtensorMap& map, const BoxPlace& first, MBarrier& barrier,
                     const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulator::BoxCopy copy{.map = {},
                         .first = {first.element, first.line, first.matrix},
                         .to = static_cast<unsigned char*>(to_shared),
                         .barrier = &barrier};
  std::memcpy(&copy.map, &map, sizeof(copy.map));
  emulator::copy_box(copy, {file, line});
}
inline void prefetch_map(const CUtensorMap& /*map*/) {}

template <int registers>
void give_registers() {
  static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256);
}
template <int registers>
void take_registers() {
  give_registers<registers>();
}

template <int threads>
void sync_first_threads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  static_assert(threads % 32 == 0);
  emulator::sync_first_threads(threads, {file, line});
}

}  // namespace ebb::kernels
