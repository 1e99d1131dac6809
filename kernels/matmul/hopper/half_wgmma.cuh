#pragma once

#include "ebb/kernels/cuda/wgmma.cuh"
#include "ebb/kernels/matmul/half_panel.cuh"

// Products of panels of half precision in shared memory, by wgmma.

namespace ebb::kernels {

/// What begins at (outer, k) of a panel, both of which are multiples of what an instruction takes.
template <class Panel>
__device__ WgmmaFactor factor_at(const Panel& panel, int outer, int k) {
  static_assert(Panel::packets == 8);
  if constexpr (Panel::by_k) {
    return {panel.packet[0][outer][k / 8].element, sizeof(panel.packet[0][0]) * 8, 0};
  } else {
    return {panel.packet[outer / 64][k][0].element, sizeof(panel.packet[0][0]) * 8, sizeof(panel.packet[0])};
  }
}

/// A group of products by four warps, whose first row is `row` of the panel.
template <class Tile, class T, class Stage>
__device__ void start_half_products(float (&sums)[Tile::columns / 8][4], const Stage& stage, int row) {
  begin_wgmma();
#pragma unroll
  for (int k = 0; k < Tile::depth; k += Tile::step) {
    wgmma_half<T, decltype(stage.a)::by_k, decltype(stage.b)::by_k>(sums, factor_at(stage.a, row, k),
                                                                    factor_at(stage.b, 0, k));
  }
  end_wgmma();
}

}  // namespace ebb::kernels
