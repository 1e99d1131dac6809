#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/matmul/factor.h"

// One tile of a matrix product, computed by the 16 x 16 threads of a block: what bmm_tiled.cu is built of.

namespace ebb::kernels {

/// What is known of a factor's strides when compiling.
enum class FactorLayout { k_is_unit, outer_is_unit, any };

inline constexpr int gemm_threads = 256, gemm_side = 16;

/// Each thread computes (4 groups) x (4 groups) results, so a tile is (64 groups) wide. 1024 elements of each factor
/// are in shared memory at a time, four for each thread to bring.
template <class T, int groups>
struct GemmTile {
  static constexpr int width = 64 * groups;
  static constexpr int depth = 16 / groups;
  static constexpr int padded = width + 4;  // spreads the columns that one warp writes over the banks
  using Four = Packet<T, 4>;

  struct alignas(16) Stage {
    T a[depth][padded];
    T b[depth][padded];
  };
  struct Stages {
    Stage stage[2];
  };
};

/// Brings a thread's four elements of tile after tile, in steps along k. What lies outside of the factor is 0.
template <class T, int groups, FactorLayout layout>
class TileLoader {
 public:
  using Tile = GemmTile<T, groups>;
  using Four = typename Tile::Four;

  __device__ TileLoader(const Factor<T>& factor, std::int64_t first_outer, std::int64_t matrix, int thread)
      : tile_step_(Tile::depth * factor.k_stride) {
    walk_outer_ = layout == FactorLayout::any ? factor.outer_stride < factor.k_stride : along_outer;
    tile_outer_ = walk_outer_ ? thread % (Tile::width / 4) * 4 : thread / (Tile::depth / 4);
    tile_k_ = walk_outer_ ? thread / (Tile::width / 4) : thread % (Tile::depth / 4) * 4;
    k_left_ = static_cast<int>(factor.k) - tile_k_;
    const std::int64_t outer = first_outer + tile_outer_;
    outer_left_ = static_cast<int>(min(factor.outer - outer, std::int64_t{4}));
    at_ = factor.data + matrix * factor.batch_stride + outer * factor.outer_stride + tile_k_ * factor.k_stride;
    element_step_ = walk_outer_ ? factor.outer_stride : factor.k_stride;
  }

  __device__ Four next() {
    Four four{};
    if constexpr (layout == FactorLayout::any) {
      for (int i = 0; i < 4; ++i) {
        const bool inside = walk_outer_ ? i < outer_left_ && k_left_ > 0 : outer_left_ > 0 && i < k_left_;
        if (inside) four.element[i] = at_[i * element_step_];
      }
    } else if (outer_left_ > 0 && k_left_ > 0) {  // the size along the four is a multiple of four
      four = load_packet<T, 4>(at_);
    }
    at_ += tile_step_;
    k_left_ -= Tile::depth;
    return four;
  }

  __device__ void store(T (&to)[Tile::depth][Tile::padded], const Four& four) const {
    if constexpr (along_outer) {
      store_packet(&to[tile_k_][tile_outer_], four);
    } else {
      const int step_k = walk_outer_ ? 0 : 1, step_outer = walk_outer_ ? 1 : 0;
      for (int i = 0; i < 4; ++i) to[tile_k_ + i * step_k][tile_outer_ + i * step_outer] = four.element[i];
    }
  }

 private:
  static constexpr bool along_outer = layout == FactorLayout::outer_is_unit;

  const T* at_;
  std::int64_t tile_step_, element_step_;
  int tile_outer_, tile_k_, outer_left_, k_left_;
  bool walk_outer_;
};

/// The results of one thread: rows 64 i + 4 (thread / 16) + (0..3) of the tile, and columns alike.
template <class T, int groups>
struct Accumulator {
  static constexpr int side = 4 * groups;
  T value[side][side] = {};

  __device__ void add(const typename GemmTile<T, groups>::Stage& stage, int row, int column) {
#pragma unroll 2  // more, and the loads that the compiler moves up fill the registers
    for (int k = 0; k < GemmTile<T, groups>::depth; ++k) {
      T a[side], b[side];
#pragma unroll
      for (int g = 0; g < groups; ++g) {
        const auto a4 = load_packet<T, 4>(&stage.a[k][g * 64 + row * 4]),
                   b4 = load_packet<T, 4>(&stage.b[k][g * 64 + column * 4]);
#pragma unroll
        for (int i = 0; i < 4; ++i) a[g * 4 + i] = a4.element[i], b[g * 4 + i] = b4.element[i];
      }
#pragma unroll
      for (int i = 0; i < side; ++i) {
#pragma unroll
        for (int j = 0; j < side; ++j) value[i][j] += a[i] * b[j];
      }
    }
  }

  /// Into the (m, n) matrix y, whose rows follow each other; (row, column) is the thread's first result.
  __device__ void store(T* y, std::int64_t m, std::int64_t n, std::int64_t row, std::int64_t column,
                        bool vectors) const {
#pragma unroll
    for (int i = 0; i < side; ++i) {
      const std::int64_t at_row = row + i / 4 * 64 + i % 4;
      if (at_row >= m) continue;
#pragma unroll
      for (int g = 0; g < groups; ++g) {
        const std::int64_t at = column + g * 64;
        if (vectors && at < n) {
          Packet<T, 4> four;
#pragma unroll
          for (int j = 0; j < 4; ++j) four.element[j] = value[i][g * 4 + j];
          store_packet(y + at_row * n + at, four);
        } else {
#pragma unroll
          for (int j = 0; j < 4; ++j) {
            if (at + j < n) y[at_row * n + at + j] = value[i][g * 4 + j];
          }
        }
      }
    }
  }
};

}  // namespace ebb::kernels
