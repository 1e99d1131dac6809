#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ebb/kernels/cuda/invoke.cuh"
#include "ebb/kernels/cuda/ptx.cuh"

// Shadows ebb's own file of this name.

namespace ebb::kernels {

template <int k>
struct alignas(128) WgmmaColumns {
  static constexpr int columns = 128;
  float element[k / 4][columns][4];
};

template <class Memory>
struct WithPlaceToAlign {
  unsigned char bytes[sizeof(Memory) + 1024];
};

template <class Memory>
Memory& shared_for_wgmma() {
  unsigned char* bytes = dynamic_shared<WithPlaceToAlign<Memory>>().bytes;
  return *reinterpret_cast<Memory*>(bytes + (1024 - reinterpret_cast<std::uintptr_t>(bytes) % 1024) % 1024);
}

struct WgmmaFactor {
  const void* first;
  unsigned eight_lines, line;

  /// The bits of element (outer, k), by PTX ISA's "Canonical layouts": bits 4 to 6 of an address are XORed with 7 to 9.
  template <bool by_k>
  std::uint16_t bits(int outer, int k) const {
    const int of_line = by_k ? k : outer, number = by_k ? outer : k;
    auto at = reinterpret_cast<std::uintptr_t>(first);
    at += static_cast<std::uintptr_t>(of_line / 64 * static_cast<int>(line) + of_line % 64 * 2);
    at += static_cast<std::uintptr_t>(number / 8 * static_cast<int>(eight_lines) + number % 8 * 128);
    return *reinterpret_cast<const std::uint16_t*>(at ^ (at >> 7 & 7) << 4);
  }
};

namespace wgmma_detail {

/// The products that a thread has started, and not waited for.
struct Products {
  struct Product {
    float (*c)[4];
    WgmmaFactor a, b;
    void (*add)(float (*c)[4], const WgmmaFactor& a, const WgmmaFactor& b);
    int group;
  };

  Product products[16];
  int count = 0, ended_groups = 0;
  std::uint64_t block = 0;

  static Products& of_this_thread() {
    static auto* all = new Products[1024];
    Products& mine = all[emulator::thread_number()];
    if (mine.block != emulator::block_number()) mine.count = mine.ended_groups = 0;
    mine.block = emulator::block_number();
    return mine;
  }

  void add(const Product& product) {
    if (count == static_cast<int>(std::size(products))) __builtin_trap();
    products[count++] = product;
  }

  void finish(int pending_groups) {
    int left = 0;
    for (int i = 0; i < count; ++i) {
      const Product& product = products[i];
      if (product.group >= ended_groups - pending_groups) {
        products[left++] = product;
      } else {
        product.add(product.c, product.a, product.b);
      }
    }
    count = left;
  }
};

template <class T, bool a_by_k, bool b_by_k, int columns>
void add_half(float (*c)[4], const WgmmaFactor& a, const WgmmaFactor& b) {
  const auto widened = [](std::uint16_t bits) { return static_cast<float>(std::bit_cast<T>(bits)); };
  const int warp = static_cast<int>(emulator::thread_number()) / 32 % 4;
  const int g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (int high = 0; high < 2; ++high) {
    float row[16];
    for (int k = 0; k < 16; ++k) row[k] = widened(a.bits<a_by_k>(warp * 16 + high * 8 + g, k));
    for (int j = 0; j < columns / 4; ++j) {
      float& sum = c[j / 2][high * 2 + j % 2];
      for (int k = 0; k < 16; ++k) sum += row[k] * widened(b.bits<b_by_k>(j / 2 * 8 + t * 2 + j % 2, k));
    }
  }
}

}  // namespace wgmma_detail

inline void begin_wgmma() {}
inline void end_wgmma() { ++wgmma_detail::Products::of_this_thread().ended_groups; }
/// The lanes of a warp wait for each other, too.
template <int pending = 0>
void wait_for_wgmma(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  wgmma_detail::Products::of_this_thread().finish(pending);
  emulator::sync_warp(0xffffffffu, {file, line});
}
template <class Sums>
void settle(Sums&) {}
inline void publish_to_wgmma() {}

/// Half of the warps multiply at once, half when they wait: then what is read too early shows, and what is written.
template <class T, bool a_by_k, bool b_by_k, std::size_t eights>
void wgmma_half(float (&c)[eights][4], const WgmmaFactor& a, const WgmmaFactor& b) {
  constexpr int columns = static_cast<int>(eights) * 8;
  static_assert(columns == 128 || columns == 256);
  constexpr auto add = wgmma_detail::add_half<T, a_by_k, b_by_k, columns>;
  if (emulator::thread_number() / 128 % 2 == 0) return add(c, a, b);
  auto& products = wgmma_detail::Products::of_this_thread();
  products.add({c, a, b, add, products.ended_groups});
}

/// Each warp's 16 rows, at once.
template <int depth>
void wgmma_tf32(float (&c)[64], const float (&a)[4], const WgmmaColumns<depth>& b, int k, bool adds,
                const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  float mine[4];
  for (int i = 0; i < 4; ++i) mine[i] = mma_detail::as_tf32(a[i]);
  std::uint64_t all[32];
  emulator::gather(reinterpret_cast<std::uint64_t>(&mine), all, {file, line});
  const auto of = [&](int lane) { return reinterpret_cast<const float*>(all[lane]); };
  const int g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (int n = 0; n < 64; ++n) {
    const int high = n / 2 % 2, column = n / 4 * 8 + 2 * t + n % 2;
    if (!adds) c[n] = 0;
    for (int i = 0; i < 8; ++i) {
      c[n] += of(g * 4 + i % 4)[high + i / 4 * 2] * mma_detail::as_tf32(b.element[k / 4 + i / 4][column][i % 4]);
    }
  }
  emulator::sync_warp(0xffffffffu, {file, line});
}

}  // namespace ebb::kernels
