#pragma once

#include <algorithm>
#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {

// A 3 x 3 convolution by Winograd's minimal filtering, F(m x m, 3 x 3): an output tile of m x m pixels comes from
// (m + 2)^2 multiplications a channel in place of 9 m^2 (S. Winograd, Arithmetic Complexity of Computations, 1980; A.
// Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2016). With the tile d of the input and the
// kernel g:
//     y = A^T ((G g G^T) * (B^T d B)) A
// whose middle is a product of matrices over all channels and tiles for each of the points.

/// The elements of a transformed tile, for output tiles of m x m.
constexpr int points_of(int m) { return (m + 2) * (m + 2); }

/// The tiles of the output, image after image.
struct WinogradTiles {
  WinogradTiles(const ConvSizes& sizes, std::int64_t m)
      : sizes(sizes), down(parts(sizes.out_height, m)), across(parts(sizes.out_width, m)), m(m) {}

  const ConvSizes& sizes;
  std::int64_t down, across, m;

  std::int64_t count() const { return sizes.images * down * across; }
};

/// Where one of the tiles is.
struct WinogradTile {
  WinogradTile(const WinogradTiles& tiles, std::int64_t index)
      : image(index / (tiles.down * tiles.across)),
        row(index / tiles.across % tiles.down * tiles.m),
        column(index % tiles.across * tiles.m) {}

  std::int64_t image, row, column;  // of its first output pixel
};

/// Transformed tiles: element (point, tile, channel) at point * point_stride + tile * tile_stride + channel.
struct TransformedTiles {
  float* data;
  std::int64_t point_stride, tile_stride;
};

/// Some of the tiles, and some channels of each, whose number is a multiple of 16.
struct TileRange {
  std::int64_t first_tile, tiles, first_channel, channels;
};

/// B^T d B of the input x (N, H, W, C), zeros around it.
template <Isa, int m>
void transform_input(const WinogradTiles& tiles, const float* x, const TileRange& range, const TransformedTiles& to);

/// y (N, H', W', O) = epilogue(A^T p A) of products p; of the epilogue the pointers are those of the whole y.
template <Isa, int m>
void transform_output(const WinogradTiles& tiles, const TransformedTiles& products, const TileRange& range,
                      const TileEpilogue<float>& epilogue, float* y);

/// A dy A^T of the gradient of y: the transpose of transform_output.
template <Isa, int m>
void transform_gradient(const WinogradTiles& tiles, const float* dy, const TileRange& range,
                        const TransformedTiles& to);

/// G g G^T of `count` kernels: tap (i, j) of each at taps + (3 i + j) tap_stride, point p to points + p point_stride.
template <Isa, int m>
void transform_kernels(const float* taps, std::int64_t tap_stride, std::int64_t count, float* points,
                       std::int64_t point_stride);

/// G^T u G: the transpose of transform_kernels.
template <Isa, int m>
void transform_kernel_gradients(const float* points, std::int64_t point_stride, std::int64_t count, float* taps,
                                std::int64_t tap_stride);

}  // namespace ebb::kernels
