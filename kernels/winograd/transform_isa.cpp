#include "ebb/kernels/cpu/vectors.h"
#include "ebb/kernels/gemm/finished.h"
#include "ebb/kernels/winograd/tiles.h"

namespace ebb::kernels {
namespace {

using V = Vector<float>;
constexpr std::int64_t floats = width_of<float>;

/// Of the n points at which the polynomials of a tile are known one is 0 and one infinity. The others are pairs of a
/// number and its negative, `at` and -`at`, of which `weight` is 1 over the product of the differences to the others.
template <int n>
struct Points;

template <>
struct Points<4> {
  static constexpr double at[] = {1}, weight[] = {0.5};
};

/// 1 / sqrt 2 and sqrt 2, which round less than 1 and 2 do.
template <>
struct Points<6> {
  static constexpr double at[] = {0.70710678118654752440, 1.41421356237309504880}, weight[] = {-1 / 1.5, 1.0 / 6};
};

/// B^T d in one dimension.
template <int n>
struct Input;

template <>
struct Input<4> {
  static constexpr int from = 4, to = 4;
  [[gnu::always_inline]] static void apply(const V (&d)[4], V (&t)[4]) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
  }
};

template <>
struct Input<6> {
  static constexpr int from = 6, to = 6;
  [[gnu::always_inline]] static void apply(const V (&d)[6], V (&t)[6]) {
    constexpr auto a = static_cast<float>(Points<6>::at[0]), b = static_cast<float>(Points<6>::at[1]);
    const V even_a = d[4] - 2.0F * d[2], odd_a = a * d[3] - b * d[1];  // 2 a = b
    const V even_b = d[4] - 0.5F * d[2], odd_b = b * d[3] - a * d[1];  // b / 2 = a
    t[0] = d[0] + d[4] - 2.5F * d[2];
    t[1] = even_a + odd_a;
    t[2] = even_a - odd_a;
    t[3] = even_b + odd_b;
    t[4] = even_b - odd_b;
    t[5] = d[1] + d[5] - 2.5F * d[3];
  }
};

/// What coefficient i of a polynomial counts at the first point of a pair; of kernels with the pair's weight.
template <int n, bool is_kernel>
constexpr float power(int pair, int i) {
  double power = is_kernel ? Points<n>::weight[pair] : 1;
  while (i-- > 0) power *= Points<n>::at[pair];
  return static_cast<float>(power);
}

/// The values at n points of the polynomial with `size` coefficients: A x of tiles, G x of kernels.
template <int size, int n, bool is_kernel>
struct Evaluation {
  static constexpr int from = size, to = n;
  [[gnu::always_inline]] static void apply(const V (&x)[size], V (&values)[n]) {
    values[0] = x[0];
    values[n - 1] = x[size - 1];
    for (int pair = 0; pair < n / 2 - 1; ++pair) {
      V even = power<n, is_kernel>(pair, 0) * x[0], odd = power<n, is_kernel>(pair, 1) * x[1];
      for (int i = 2; i < size; ++i) (i % 2 == 0 ? even : odd) += power<n, is_kernel>(pair, i) * x[i];
      values[2 * pair + 1] = even + odd;
      values[2 * pair + 2] = even - odd;
    }
  }
};

/// The transpose: A^T and G^T.
template <int size, int n, bool is_kernel>
struct TransposedEvaluation {
  static constexpr int from = n, to = size;
  [[gnu::always_inline]] static void apply(const V (&values)[n], V (&x)[size]) {
    for (int i = 0; i < size; ++i) {
      for (int pair = 0; pair < n / 2 - 1; ++pair) {
        const V &p = values[2 * pair + 1], &q = values[2 * pair + 2];
        const V term = power<n, is_kernel>(pair, i) * (i % 2 == 0 ? p + q : p - q);
        x[i] = pair == 0 ? term : x[i] + term;
      }
    }
    x[0] += values[0];
    x[size - 1] += values[n - 1];
  }
};

/// A transform in both dimensions, of the columns first, then of the rows: of elements `at(i, j)`, to `put(i, j, it)`.
template <class Transform, class At, class Put>
[[gnu::always_inline]] inline void in_both(At&& at, Put&& put) {
  constexpr int from = Transform::from, to = Transform::to;
  V half[to][from];
  for (int j = 0; j < from; ++j) {
    V column[from], transformed[to];
#pragma GCC unroll 8
    for (int i = 0; i < from; ++i) column[i] = at(i, j);
    Transform::apply(column, transformed);
#pragma GCC unroll 8
    for (int i = 0; i < to; ++i) half[i][j] = transformed[i];
  }
  for (int i = 0; i < to; ++i) {
    V transformed[to];
    Transform::apply(half[i], transformed);
#pragma GCC unroll 8
    for (int j = 0; j < to; ++j) put(i, j, transformed[j]);
  }
}

/// The elements of a square at `from`, and where those of one of size x size go.
auto square_at(const float* from, std::int64_t row, std::int64_t column) {
  return [=](int i, int j) { return load(from + i * row + j * column); };
}

template <int size>
auto square_to(float* to, std::int64_t stride) {
  return [=](int i, int j, V x) { store(to + (i * size + j) * stride, x); };
}

/// A square of pixels of an image (H, W, channels), which are zeros outside of it.
struct Square {
  std::int64_t height, width, channels;  // of the image
  std::int64_t row, column;              // of its first pixel

  bool is_inside(std::int64_t i, std::int64_t j) const {
    return row + i >= 0 && row + i < height && column + j >= 0 && column + j < width;
  }
};

/// The transform of some channels of a square, to its points.
template <class Transform>
void transform_square(const float* image, const Square& square, const TileRange& range, float* tile,
                      std::int64_t point_stride) {
  constexpr int size = Transform::from;
  const float* first = image + (square.row * square.width + square.column) * square.channels + range.first_channel;
  const std::int64_t row = square.width * square.channels, column = square.channels;
  const auto to = [&](std::int64_t c) { return square_to<Transform::to>(tile + c, point_stride); };
  if (square.is_inside(0, 0) && square.is_inside(size - 1, size - 1)) {
    for (std::int64_t c = 0; c < range.channels; c += floats) {
      in_both<Transform>(square_at(first + c, row, column), to(c));
    }
  } else {
    bool is_inside[size][size];
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j) is_inside[i][j] = square.is_inside(i, j);
    }
    for (std::int64_t c = 0; c < range.channels; c += floats) {
      in_both<Transform>([&](int i, int j) { return is_inside[i][j] ? load(first + c + i * row + j * column) : V{}; },
                         to(c));
    }
  }
}

}  // namespace

template <Isa, int n>
void transform_input(const WinogradTiles& tiles, const float* x, const TileRange& range, const TransformedTiles& to) {
  const ConvSizes& s = tiles.sizes;
  for (std::int64_t i = 0; i < range.tiles; ++i) {
    const WinogradTile tile(tiles, range.first_tile + i);
    const Square square{s.height, s.width, s.channels, tile.row - s.geometry.padding[0],
                        tile.column - s.geometry.padding[1]};
    transform_square<Input<n>>(x + tile.image * s.image_elements(), square, range, to.data + i * to.tile_stride,
                               to.point_stride);
  }
}

template <Isa, int m, int n>
void transform_gradient(const WinogradTiles& tiles, const float* dy, const TileRange& range,
                        const TransformedTiles& to) {
  const ConvSizes& s = tiles.sizes;
  for (std::int64_t i = 0; i < range.tiles; ++i) {
    const WinogradTile tile(tiles, range.first_tile + i);
    const Square square{s.out_height, s.out_width, s.out_channels, tile.row, tile.column};
    transform_square<Evaluation<m, n, false>>(dy + tile.image * s.output_elements(), square, range,
                                              to.data + i * to.tile_stride, to.point_stride);
  }
}

template <Isa, int m, int n>
void transform_output(const WinogradTiles& tiles, const TransformedTiles& products, const TileRange& range,
                      const TileEpilogue<float>& epilogue, float* y) {
  const ConvSizes& s = tiles.sizes;
  for (std::int64_t tile_index = 0; tile_index < range.tiles; ++tile_index) {
    const WinogradTile tile(tiles, range.first_tile + tile_index);
    const std::int64_t rows = s.out_height - tile.row, columns = s.out_width - tile.column;
    const std::int64_t first = ((tile.image * s.out_height + tile.row) * s.out_width + tile.column) * s.out_channels;
    for (std::int64_t c = 0; c < range.channels; c += floats) {
      const float* from = products.data + tile_index * products.tile_stride + c;
      const std::int64_t channel = range.first_channel + c;
      in_both<TransposedEvaluation<m, n, false>>(
          square_at(from, n * products.point_stride, products.point_stride), [&](int i, int j, V pixel) {
            if (i >= rows || j >= columns) return;
            const std::int64_t at = first + (i * s.out_width + j) * s.out_channels + channel;
            store(y + at, finished(epilogue, pixel, at, channel));
          });
    }
  }
}

template <Isa, int r, int n>
void transform_kernels(const float* taps, std::int64_t tap_stride, std::int64_t count, float* points,
                       std::int64_t point_stride) {
  for (std::int64_t c = 0; c < count; c += floats) {
    in_both<Evaluation<r, n, true>>(square_at(taps + c, r * tap_stride, tap_stride),
                                    square_to<n>(points + c, point_stride));
  }
}

template <Isa, int r, int n>
void transform_kernel_gradients(const float* points, std::int64_t point_stride, std::int64_t count, float* taps,
                                std::int64_t tap_stride) {
  for (std::int64_t c = 0; c < count; c += floats) {
    in_both<TransposedEvaluation<r, n, true>>(square_at(points + c, n * point_stride, point_stride),
                                              square_to<r>(taps + c, tap_stride));
  }
}

template void transform_input<this_isa, 4>(const WinogradTiles&, const float*, const TileRange&,
                                           const TransformedTiles&);
template void transform_input<this_isa, 6>(const WinogradTiles&, const float*, const TileRange&,
                                           const TransformedTiles&);
template void transform_gradient<this_isa, 2, 4>(const WinogradTiles&, const float*, const TileRange&,
                                                 const TransformedTiles&);
template void transform_output<this_isa, 2, 4>(const WinogradTiles&, const TransformedTiles&, const TileRange&,
                                               const TileEpilogue<float>&, float*);
template void transform_gradient<this_isa, 4, 6>(const WinogradTiles&, const float*, const TileRange&,
                                                 const TransformedTiles&);
template void transform_output<this_isa, 4, 6>(const WinogradTiles&, const TransformedTiles&, const TileRange&,
                                               const TileEpilogue<float>&, float*);
template void transform_gradient<this_isa, 2, 6>(const WinogradTiles&, const float*, const TileRange&,
                                                 const TransformedTiles&);
template void transform_output<this_isa, 2, 6>(const WinogradTiles&, const TransformedTiles&, const TileRange&,
                                               const TileEpilogue<float>&, float*);
template void transform_kernels<this_isa, 3, 4>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void transform_kernel_gradients<this_isa, 3, 4>(const float*, std::int64_t, std::int64_t, float*,
                                                         std::int64_t);
template void transform_kernels<this_isa, 3, 6>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void transform_kernel_gradients<this_isa, 3, 6>(const float*, std::int64_t, std::int64_t, float*,
                                                         std::int64_t);
template void transform_kernels<this_isa, 5, 6>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void transform_kernel_gradients<this_isa, 5, 6>(const float*, std::int64_t, std::int64_t, float*,
                                                         std::int64_t);

}  // namespace ebb::kernels
