#pragma once

#include <cmath>
#include <cstdint>

#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/matmul/epilogue.cuh"
#include "ebb/kernels/matmul/factor.h"

// What a block does with the tile of a product that tensor cores have computed.

namespace ebb::kernels {

/// What of the product a block computes: tile blockIdx.x of every gridDim.z-th matrix, over part blockIdx.y of k.
struct ProductGrid {
  std::int64_t batch, row_tiles, k_per_split;
};

/// The same, of the calling block.
template <class Tile>
struct BlockPart {
  std::int64_t first_row, first_column, first_k, end_k;
  int panels;

  __device__ BlockPart(const ProductGrid& grid, std::int64_t k)
      : first_row(blockIdx.x % grid.row_tiles * Tile::rows),
        first_column(blockIdx.x / grid.row_tiles * Tile::columns),
        first_k(blockIdx.y * grid.k_per_split),
        end_k(min(k, first_k + grid.k_per_split)),
        panels(static_cast<int>((end_k - first_k + Tile::depth - 1) / Tile::depth)) {}
};

/// Where results go: into y or, where each block has a part of k only, as floats to where those are added.
template <class T>
struct ProductOutput {
  T* y;
  float* parts;  // null where y is meant

  ProductOutput(T* to, float* sums) : y(to), parts(sums) {
    if constexpr (std::is_same_v<T, float>) {
      if (sums != nullptr) y = sums;
    }
  }
};

struct MatrixPlace {
  std::int64_t row, column;
};

/// The place of a block's tile in a matrix of y, or of a part of it.
struct TilePlace {
  MatrixPlace first;
  std::int64_t rows, columns, first_element;  // of the matrix

  template <class Tile, class T>
  __device__ TilePlace(const BlockPart<Tile>& part, const Factor<T>& a, const Factor<T>& b, std::int64_t batch,
                       std::int64_t matrix)
      : first{part.first_row, part.first_column},
        rows(a.outer),
        columns(b.outer),
        first_element((blockIdx.y * batch + matrix) * a.outer * b.outer) {}
};

/// Where the results of a lane go: to places 8 rows or 8 columns apart, two neighbours at a time.
template <class Tile>
struct Results {
  MatrixPlace first;
  std::int64_t rows, columns, first_element;  // of y

  /// Of result i, in the order (warp_rows / 8, warp_columns / 8, 2).
  __device__ MatrixPlace place(int i) const {
    constexpr int across = Tile::warp_columns / 8;
    return {first.row + i / (2 * across) * 8, first.column + i / 2 % across * 8 + i % 2};
  }
};

/// Returns a bit for each of the results that is infinite or no number.
template <class Tile>
__device__ std::uint64_t store(const Results<Tile>& results,
                               const float (&sums)[Tile::warp_rows / 16][Tile::warp_columns / 8][4],
                               const EpilogueOf<float>& epilogue, float* y) {
  const bool pairs = results.columns % 2 == 0 && is_aligned<2>(y);
  std::uint64_t no_numbers = 0;
  static_assert(Tile::warp_rows * Tile::warp_columns / warp_size <= 64);
#pragma unroll
  for (int i = 0; i < Tile::warp_rows * Tile::warp_columns / warp_size; i += 2) {
    const MatrixPlace at = results.place(i);
    if (at.row >= results.rows || at.column >= results.columns) continue;
    const std::int64_t to = results.first_element + at.row * results.columns + at.column;
    const bool has_second = at.column + 1 < results.columns;
    constexpr int across = Tile::warp_columns / 8;
    const float* of = &sums[i / (4 * across)][i / 2 % across][i / (2 * across) % 2 * 2];
    Packet<float, 2> two{{of[0], has_second ? of[1] : 0}};
    if (!std::isfinite(two.element[0])) no_numbers |= std::uint64_t{1} << i;
    if (!std::isfinite(two.element[1])) no_numbers |= std::uint64_t{2} << i;
    two.element[0] = epilogue(two.element[0], at.column, to);
    if (has_second) two.element[1] = epilogue(two.element[1], at.column + 1, to + 1);
    if (pairs) {
      store_packet(y + to, two);
    } else {
      y[to] = two.element[0];
      if (has_second) y[to + 1] = two.element[1];
    }
  }
  return no_numbers;
}

struct Part {
  std::int64_t matrix, first_k, end_k;
};

/// The results of `which`, again: an infinity has no rest, and what it is multiplied with may be 0.
template <class Tile>
__device__ void multiply_plainly(const Results<Tile>& results, std::uint64_t which, const Factor<float>& a,
                                 const Factor<float>& b, const Part& part, const EpilogueOf<float>& epilogue,
                                 float* y) {
#pragma unroll 1
  for (int i = 0; which != 0; ++i, which >>= 1) {
    if ((which & 1) == 0) continue;
    const MatrixPlace at = results.place(i);
    const float* left = a.data + part.matrix * a.batch_stride + at.row * a.outer_stride;
    const float* right = b.data + part.matrix * b.batch_stride + at.column * b.outer_stride;
    float sum = 0;
#pragma unroll 1
    for (std::int64_t k = part.first_k; k < part.end_k; ++k) sum += left[k * a.k_stride] * right[k * b.k_stride];
    const std::int64_t to = results.first_element + at.row * results.columns + at.column;
    y[to] = epilogue(sum, at.column, to);
  }
}

}  // namespace ebb::kernels
