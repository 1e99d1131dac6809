#pragma once

#include "ebb/kernels/cuda/ptx.cuh"

// Shadows ebb's own file of this name.

namespace ebb::kernels {

template <int k>
struct alignas(128) WgmmaColumns {
  static constexpr int columns = 128;
  float element[k / 4][columns][4];
};

inline void begin_wgmma() {}
inline void end_wgmma() {}
inline void wait_for_wgmma() {}
inline void publish_to_wgmma() {}

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
