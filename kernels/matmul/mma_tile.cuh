#pragma once

#include <bit>
#include <cstdint>

#include "ebb/kernels/cuda/ptx.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/matmul/factor.h"

// Tiles of a matrix product that tensor cores multiply: what bmm_mma.cu is built of.

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

/// `outer` x `depth` elements of a factor, in the order of its memory. The padding lets the lanes of a warp read their
/// parts of a fragment from different banks, in either order.
template <int outer, int depth, bool by_k>
struct Panel {
  static constexpr int outer_step = by_k ? depth + 4 : 1, k_step = by_k ? 1 : outer + 8;
  alignas(16) float element[by_k ? outer * outer_step : depth * k_step];

  __device__ float* at(int o, int k) { return &element[o * outer_step + k * k_step]; }
  __device__ float operator()(int o, int k) const { return element[o * outer_step + k * k_step]; }
};

/// Copies panel after panel of a factor, `width` elements at a time. What lies outside of the factor becomes 0.
template <int outer, int depth, bool by_k, int threads, int width>
class PanelLoader {
 public:
  __device__ PanelLoader(const Factor<float>& factor, std::int64_t matrix, std::int64_t first_outer,
                         std::int64_t first_k, std::int64_t end_k, int thread)
      : outer_(by_k ? thread / per_line : thread % per_line * width),
        k_(by_k ? thread % per_line * width : thread / per_line),
        outer_left_(clamped(factor.outer - first_outer - outer_)),
        k_left_(clamped(end_k - first_k - k_)),
        line_step_((by_k ? factor.outer_stride : factor.k_stride) * lines),
        depth_step_(factor.k_stride * depth),
        from_(factor.data + matrix * factor.batch_stride + (first_outer + outer_) * factor.outer_stride +
              (first_k + k_) * factor.k_stride),
        somewhere_(factor.data) {}

  __device__ void load(Panel<outer, depth, by_k>& to) {
#pragma unroll
    for (int i = 0; i < copies; ++i) {
      const int outer_left = by_k ? outer_left_ - i * lines : outer_left_,
                k_left = by_k ? k_left_ : k_left_ - i * lines;
      const int along = by_k ? k_left : outer_left, across = by_k ? outer_left : k_left;
      const int valid = across > 0 ? max(0, min(along, width)) : 0;
      const float* from = valid > 0 ? from_ + i * line_step_ : somewhere_;
      float* place = by_k ? to.at(outer_ + i * lines, k_) : to.at(outer_, k_ + i * lines);
      copy_async<width * sizeof(float)>(place, from, valid * static_cast<int>(sizeof(float)));
    }
    from_ += depth_step_;
    k_left_ -= depth;
  }

 private:
  static constexpr int per_line = (by_k ? depth : outer) / width, lines = threads / per_line;
  static constexpr int copies = outer * depth / width / threads;
  static_assert(threads % per_line == 0 && copies * width * threads == outer * depth);

  static __device__ int clamped(std::int64_t left) {
    return static_cast<int>(max(std::int64_t{-1}, min(left, std::int64_t{1} << 30)));
  }

  int outer_, k_, outer_left_, k_left_;
  std::int64_t line_step_, depth_step_;
  const float *from_, *somewhere_;
};

/// How many products of TF32 make one of float32. Of three, the numbers are split into their leading 11 bits and what
/// is left, of which all products but that of the two rests are added: Ootomo and Yokota, "Recovering single precision
/// accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance", 2022.
enum class MmaTerms { one = 1, three = 3 };

template <int count, MmaTerms terms>
struct Split {
  float leading[count], rest[count];

  __device__ void set(int i, float x) {
    leading[i] = x;
    if constexpr (terms == MmaTerms::three) {
      leading[i] = std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & 0xffffe000u);
      rest[i] = x - leading[i];
    }
  }
};

/// The results of one lane of a warp, and how they are summed.
template <class Tile, MmaTerms terms>
struct WarpSums {
  static constexpr int down = Tile::warp_rows / 16, across = Tile::warp_columns / 8;
  static constexpr int step = 8, steps = Tile::chunk / step;

  float value[down][across][4] = {};

  /// Adds the product of two panels; `row` and `column` are the warp's first.
  template <class PanelA, class PanelB>
  __device__ void add(const PanelA& a, const PanelB& b, int row, int column, int lane) {
    const int g = lane / 4, t = lane % 4;
#pragma unroll 1
    for (int k = 0; k < Tile::depth; k += Tile::chunk) {
      Split<2, terms> right[steps][across];
#pragma unroll
      for (int s = 0; s < steps; ++s) {
#pragma unroll
        for (int j = 0; j < across; ++j) {
#pragma unroll
          for (int i = 0; i < 2; ++i) right[s][j].set(i, b(column + j * 8 + g, k + s * step + t + i * 4));
        }
      }
#pragma unroll
      for (int m = 0; m < down; ++m) {
        Split<4, terms> left[steps];
#pragma unroll
        for (int s = 0; s < steps; ++s) {
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            left[s].set(i, a(row + m * 16 + g + i % 2 * 8, k + s * step + t + i / 2 * 4));
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

}  // namespace ebb::kernels
