#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/ptx.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/matmul/tf32_split.cuh"

// The tiles that warps multiply by tensor cores: what bmm_mma.cu is built of.

namespace ebb::kernels {

/// A block computes rows x columns results, each warp warp_rows x warp_columns of them, from panels of the factors that
/// are `depth` deep, of which `stages` are in shared memory or on their way there. Tensor cores do not round sums to
/// nearest: only `chunk` products of float32 are left to them to add. `blocks` fit a multiprocessor.
template <int rows_, int columns_, int depth_, int warp_rows_, int warp_columns_, int stages_, int chunk_, int blocks_>
struct MmaTile {
  static constexpr int chunk = chunk_, blocks = blocks_;
  static constexpr int rows = rows_, columns = columns_, depth = depth_, stages = stages_;
  static constexpr int warp_rows = warp_rows_, warp_columns = warp_columns_;
  static constexpr int warps_down = rows / warp_rows, threads = warps_down * (columns / warp_columns) * warp_size;
};

/// The results of one lane of a warp, and how they are summed.
template <class Tile, MmaTerms terms>
struct WarpSums {
  static constexpr int down = Tile::warp_rows / 16, across = Tile::warp_columns / 8;
  static constexpr int step = 8, steps = Tile::chunk / step;

  float value[down][across][4] = {};

  /// Adds the product of two panels; `row` and `column` are the warp's first, and the lane's lines are shifted.
  template <class PanelA, class PanelB>
  __device__ void add(const PanelA& a, int a_shift, const PanelB& b, int b_shift, int row, int column, int lane) {
    const int g = lane / 4, t = lane % 4;
#pragma unroll 1
    for (int k = 0; k < Tile::depth; k += Tile::chunk) {
      Split<2, terms> right[steps][across];
#pragma unroll
      for (int s = 0; s < steps; ++s) {
#pragma unroll
        for (int j = 0; j < across; ++j) {
#pragma unroll
          for (int i = 0; i < 2; ++i) right[s][j].set(i, b(column + j * 8 + g, k + s * step + t + i * 4, b_shift));
        }
      }
#pragma unroll
      for (int m = 0; m < down; ++m) {
        Split<4, terms> left[steps];
#pragma unroll
        for (int s = 0; s < steps; ++s) {
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            left[s].set(i, a(row + m * 16 + g + i % 2 * 8, k + s * step + t + i / 2 * 4, a_shift));
          }
        }
        add_row(left, right, value[m]);
      }
    }
  }

 private:
  static __device__ void add_row(const Split<4, terms> (&left)[steps], const Split<2, terms> (&right)[steps][across],
                                 float (&sums)[across][4]) {
    if constexpr (terms == MmaTerms::one) {
#pragma unroll
      for (int s = 0; s < steps; ++s) {
#pragma unroll
        for (int j = 0; j < across; ++j) mma_tf32(sums[j], left[s].leading, right[s][j].leading);
      }
    } else {
      float part[across][4] = {};
#pragma unroll
      for (int s = 0; s < steps; ++s) {
#pragma unroll
        for (int j = 0; j < across; ++j) mma_tf32(part[j], left[s].rest, right[s][j].leading);
#pragma unroll
        for (int j = 0; j < across; ++j) mma_tf32(part[j], left[s].leading, right[s][j].rest);
#pragma unroll
        for (int j = 0; j < across; ++j) mma_tf32(part[j], left[s].leading, right[s][j].leading);
      }
#pragma unroll
      for (int j = 0; j < across; ++j) {
#pragma unroll
        for (int i = 0; i < 4; ++i) sums[j][i] += part[j][i];
      }
    }
  }
};

/// The same of half precision, whose products tensor cores add for as long as k is.
template <class Tile, class T>
struct WarpSumsOfHalf {
  static constexpr int down = Tile::warp_rows / 16, across = Tile::warp_columns / 8;
  static constexpr int step = 16, steps = Tile::depth / step;

  float value[down][across][4] = {};

  /// Adds the product of two panels; `row` and `column` are the warp's first. What is multiplied next is read before.
  template <class PanelA, class PanelB>
  __device__ void add(const PanelA& a, const PanelB& b, int row, int column, int lane) {
    std::uint32_t left[2][4], right[2][across / 2][4];
    const auto read_left = [&](int i) { a.read(row + i % down * 16, i / down * step, lane, left[i % 2]); };
    const auto read_right = [&](int s) {
#pragma unroll
      for (int j = 0; j < across / 2; ++j) b.read(column + j * 16, s * step, lane, right[s % 2][j]);
    };
    read_right(0);
    read_left(0);
#pragma unroll
    for (int i = 0; i < steps * down; ++i) {
      const int s = i / down, m = i % down;
      if (m == 0 && s + 1 < steps) read_right(s + 1);
      if (i + 1 < steps * down) read_left(i + 1);
#pragma unroll
      for (int j = 0; j < across; ++j) {
        const auto& pair = right[s % 2][j / 2];
        mma_half<T>(value[m][j], left[i % 2], {pair[j % 2], pair[j % 2 + 2]});
      }
    }
  }
};

}  // namespace ebb::kernels
