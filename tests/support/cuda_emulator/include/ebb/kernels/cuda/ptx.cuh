#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>

#include <cuda_runtime.h>

#include "ebb/core/dtype/half.h"

// Shadows ebb's own file of this name.

namespace ebb::kernels {

template <class Value>
void store_words(void* to, const Value& value) {
  std::memcpy(to, &value, sizeof(Value));
}

inline float widen_f16(std::uint16_t x) { return Half::to_float(x); }
inline std::uint16_t round_to_f16(float x) { return Half(x).bits; }
inline std::uint16_t round_to_bf16(float x) { return BFloat16(x).bits; }

namespace copy_detail {

/// The copies that a thread has started, and not waited for.
struct Pending {
  struct Copy {
    void* to;
    const void* from;
    int bytes, group;
  };

  Copy copies[256];
  int count = 0, ended_groups = 0;
  std::uint64_t block = 0;

  static Pending& of_this_thread() {
    static auto* all = new Pending[1024];
    Pending& mine = all[emulator::thread_number()];
    if (mine.block != emulator::block_number()) mine.count = mine.ended_groups = 0;
    mine.block = emulator::block_number();
    return mine;
  }

  void add(const Copy& copy) {
    if (count == static_cast<int>(std::size(copies))) __builtin_trap();
    copies[count++] = copy;
  }

  void finish(int pending_groups) {
    int left = 0;
    for (int i = 0; i < count; ++i) {
      const Copy& copy = copies[i];
      if (copy.group >= ended_groups - pending_groups) {
        copies[left++] = copy;
        continue;
      }
      for (int b = 0; b < copy.bytes; ++b) {
        static_cast<char*>(copy.to)[b] = static_cast<const char*>(copy.from)[b];
      }
    }
    count = left;
  }
};

}  // namespace copy_detail

/// Done when the thread waits for it, not before: then what is read too early shows.
template <int bytes>
void copy_async(void* to_shared, const void* from) {
  const auto misplaced = (reinterpret_cast<std::uintptr_t>(to_shared) | reinterpret_cast<std::uintptr_t>(from)) % bytes;
  if (misplaced != 0) __builtin_trap();
  auto& pending = copy_detail::Pending::of_this_thread();
  pending.add({to_shared, from, bytes, pending.ended_groups});
}

inline void end_copy_group() { ++copy_detail::Pending::of_this_thread().ended_groups; }

template <int pending>
void wait_for_copies() {
  copy_detail::Pending::of_this_thread().finish(pending);
}

namespace mma_detail {

struct Fragments {
  float a[4], b[2];
};

inline float as_tf32(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0xffffe000u); }

}  // namespace mma_detail

/// Each lane reads from the stacks of the others, which wait until all have.
inline void mma_tf32(float (&c)[4], const float (&a)[4], const float (&b)[2], const char* file = __builtin_FILE(),
                     int line = __builtin_LINE()) {
  mma_detail::Fragments mine;
  for (int i = 0; i < 4; ++i) mine.a[i] = mma_detail::as_tf32(a[i]);
  for (int i = 0; i < 2; ++i) mine.b[i] = mma_detail::as_tf32(b[i]);
  std::uint64_t all[32];
  emulator::gather(reinterpret_cast<std::uint64_t>(&mine), all, {file, line});
  const auto of = [&](int lane) -> const mma_detail::Fragments& {
    return *reinterpret_cast<const mma_detail::Fragments*>(all[lane]);
  };
  const int g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (int i = 0; i < 4; ++i) {
    const int high = i / 2, column = 2 * t + i % 2;
    for (int k = 0; k < 8; ++k) c[i] += of(g * 4 + k % 4).a[high + k / 4 * 2] * of(column * 4 + k % 4).b[k / 4];
  }
  emulator::sync_warp(0xffffffffu, {file, line});
}

template <bool transposed>
void load_matrices(const void* row, std::uint32_t (&x)[4], const char* file = __builtin_FILE(),
                   int line = __builtin_LINE()) {
  if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0) __builtin_trap();
  std::uint64_t rows[32];
  emulator::gather(reinterpret_cast<std::uint64_t>(row), rows, {file, line});
  const int g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (int i = 0; i < 4; ++i) {
    const auto element = [&](int r, int c) -> std::uint32_t {
      return reinterpret_cast<const std::uint16_t*>(rows[8 * i + r])[c];
    };
    x[i] =
        transposed ? element(2 * t, g) | element(2 * t + 1, g) << 16 : element(g, 2 * t) | element(g, 2 * t + 1) << 16;
  }
}

namespace mma_detail {

struct HalfFragments {
  std::uint32_t a[4], b[2];
};

/// The one of a word that has this k.
template <class T>
float widened(std::uint32_t word, int k) {
  T x;
  x.bits = static_cast<std::uint16_t>(word >> (k % 2 * 16));
  return static_cast<float>(x);
}

}  // namespace mma_detail

template <class T>
void mma_half(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
              const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const mma_detail::HalfFragments mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  std::uint64_t all[32];
  emulator::gather(reinterpret_cast<std::uint64_t>(&mine), all, {file, line});
  const auto of = [&](int lane) -> const mma_detail::HalfFragments& {
    return *reinterpret_cast<const mma_detail::HalfFragments*>(all[lane]);
  };
  const int g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (int i = 0; i < 4; ++i) {
    const int high = i / 2, column = 2 * t + i % 2;
    for (int k = 0; k < 16; ++k) {
      const int holder = k % 8 / 2;
      c[i] += mma_detail::widened<T>(of(g * 4 + holder).a[high + k / 8 * 2], k) *
              mma_detail::widened<T>(of(column * 4 + holder).b[k / 8], k);
    }
  }
  emulator::sync_warp(0xffffffffu, {file, line});
}

}  // namespace ebb::kernels
