#pragma once

#include <algorithm>
#include <cstdint>

#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {

// A convolution with r x r kernels by Winograd's minimal filtering, F(m x m, r x r): an output tile of m x m pixels
// comes from n^2 multiplications a channel, n = m + r - 1, in place of m^2 r^2 (S. Winograd, Arithmetic Complexity of
// Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2016). With the tile d
// of the input and the kernel g:
//     y = A^T ((G g G^T) * (B^T d B)) A
// whose middle is a product of matrices over all channels and tiles for each of the n^2 points. Here n is 4 or 6.

/// Calls `body` with r, the side of the kernels, for tiles of m x m.
template <int m, class Body>
void visit_kernel(const ConvSizes& sizes, Body&& body) {
  if constexpr (m == 2) {
    if (sizes.kernel_height == 5) return body.template operator()<5>();
  }
  body.template operator()<3>();
}

/// The tiles of the output, image after image.
struct WinogradTiles {
  WinogradTiles(const ConvSizes& sizes, std::int64_t m)
      : sizes(sizes), down(parts(sizes.out_height, m)), across(parts(sizes.out_width, m)), m(m) {}

  const ConvSizes& sizes;
  std::int64_t down, across, m;

  std::int64_t count() const { return sizes.images * down * across; }
  /// Are all of them, of both sides of a convolution, less than the kernels, so many times? Transformed kernels are
  /// then made and used up in parts: together they may be more than a cache holds.
  bool are_few(std::int64_t times = 1) const {
    constexpr std::int64_t most = 256;
    const std::int64_t channels = sizes.channels, outputs = sizes.out_channels;
    return count() <= most && times * count() * (channels + outputs) <= channels * outputs;
  }
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

  TransformedTiles from(std::int64_t tile) const { return {data + tile * tile_stride, point_stride, tile_stride}; }
};

/// `elements` that a point has, and a few more: points that lie about a page apart share few sets of a cache.
constexpr std::int64_t point_stride_of(std::int64_t elements) {
  constexpr std::int64_t period = 128, least = 80;
  return parts(std::max<std::int64_t>(elements - least, 0), period) * period + least;
}

/// Some of the tiles, and some channels of each, whose number is a multiple of 16.
struct TileRange {
  std::int64_t first_tile, tiles, first_channel, channels;
};

/// B^T d B of the input x (N, H, W, C), zeros around it.
template <Isa, int n>
void transform_input(const WinogradTiles& tiles, const float* x, const TileRange& range, const TransformedTiles& to);

/// y (N, H', W', O) = epilogue(A^T p A) of products p; of the epilogue the pointers are those of the whole y.
template <Isa, int m, int n>
void transform_output(const WinogradTiles& tiles, const TransformedTiles& products, const TileRange& range,
                      const TileEpilogue<float>& epilogue, float* y);

/// A dy A^T of the gradient of y: the transpose of transform_output.
template <Isa, int m, int n>
void transform_gradient(const WinogradTiles& tiles, const float* dy, const TileRange& range,
                        const TransformedTiles& to);

/// G g G^T of `count` kernels: tap (i, j) of each at taps + (r i + j) tap_stride, point p to points + p point_stride.
template <Isa, int r, int n>
void transform_kernels(const float* taps, std::int64_t tap_stride, std::int64_t count, float* points,
                       std::int64_t point_stride);

/// G^T u G: the transpose of transform_kernels.
template <Isa, int r, int n>
void transform_kernel_gradients(const float* points, std::int64_t point_stride, std::int64_t count, float* taps,
                                std::int64_t tap_stride);

}  // namespace ebb::kernels
