#include "ebb/kernels/cpu/vectors.h"
#include "ebb/kernels/gemm/finished.h"
#include "ebb/kernels/winograd/tiles.h"

namespace ebb::kernels {
namespace {

using V = Vector<float>;
constexpr std::int64_t floats = width_of<float>;

/// F(m, 3) in one dimension: B^T d, A^T p, A y, G g and G^T u.
template <int m>
struct Filter;

/// Of the points 0, 1, -1 and infinity.
template <>
struct Filter<2> {
  static void input(const V (&d)[4], V (&t)[4]) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
  }
  static void output(const V (&p)[4], V (&y)[2]) {
    y[0] = p[0] + p[1] + p[2];
    y[1] = p[1] - p[2] + p[3];
  }
  static void gradient(const V (&y)[2], V (&p)[4]) {
    p[0] = y[0];
    p[1] = y[0] + y[1];
    p[2] = y[0] - y[1];
    p[3] = y[1];
  }
  static void kernel(const V (&g)[3], V (&u)[4]) {
    const V even = 0.5F * (g[0] + g[2]), odd = 0.5F * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  static void kernel_gradient(const V (&u)[4], V (&g)[3]) {
    const V even = 0.5F * (u[1] + u[2]);
    g[0] = u[0] + even;
    g[1] = 0.5F * (u[1] - u[2]);
    g[2] = even + u[3];
  }
};

/// Of the points 0, +-a, +-b and infinity with a = 1 / sqrt 2 and b = sqrt 2, which round less than 1 and 2 do.
template <>
struct Filter<4> {
  static constexpr float a = 0.70710678118654752F, b = 1.41421356237309505F;

  static void input(const V (&d)[6], V (&t)[6]) {
    const V even_a = d[4] - 2.0F * d[2], odd_a = a * d[3] - b * d[1];  // 2 a = b
    const V even_b = d[4] - 0.5F * d[2], odd_b = b * d[3] - a * d[1];  // b / 2 = a
    t[0] = d[0] + d[4] - 2.5F * d[2];
    t[1] = even_a + odd_a;
    t[2] = even_a - odd_a;
    t[3] = even_b + odd_b;
    t[4] = even_b - odd_b;
    t[5] = d[1] + d[5] - 2.5F * d[3];
  }
  static void output(const V (&p)[6], V (&y)[4]) {
    const V even_a = p[1] + p[2], odd_a = p[1] - p[2], even_b = p[3] + p[4], odd_b = p[3] - p[4];
    y[0] = p[0] + even_a + even_b;
    y[1] = a * odd_a + b * odd_b;
    y[2] = 0.5F * even_a + 2.0F * even_b;
    y[3] = 0.5F * a * odd_a + 2.0F * b * odd_b + p[5];
  }
  static void gradient(const V (&y)[4], V (&p)[6]) {
    const V even_a = y[0] + 0.5F * y[2], odd_a = a * y[1] + 0.5F * a * y[3];
    const V even_b = y[0] + 2.0F * y[2], odd_b = b * y[1] + 2.0F * b * y[3];
    p[0] = y[0];
    p[1] = even_a + odd_a;
    p[2] = even_a - odd_a;
    p[3] = even_b + odd_b;
    p[4] = even_b - odd_b;
    p[5] = y[3];
  }
  static void kernel(const V (&g)[3], V (&u)[6]) {
    constexpr float of_a = -1.0F / 1.5F, of_b = 1.0F / 6;
    const V even_a = of_a * (g[0] + 0.5F * g[2]), odd_a = of_a * a * g[1];
    const V even_b = of_b * (g[0] + 2.0F * g[2]), odd_b = of_b * b * g[1];
    u[0] = g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
  }
  static void kernel_gradient(const V (&u)[6], V (&g)[3]) {
    constexpr float of_a = -1.0F / 1.5F, of_b = 1.0F / 6;
    const V even_a = of_a * (u[1] + u[2]), even_b = of_b * (u[3] + u[4]);
    g[0] = u[0] + even_a + even_b;
    g[1] = of_a * a * (u[1] - u[2]) + of_b * b * (u[3] - u[4]);
    g[2] = 0.5F * even_a + 2.0F * even_b + u[5];
  }
};

/// f in both dimensions: of the columns first, then of the rows.
template <int from, int to, class F>
void in_both(const V (&x)[from][from], V (&y)[to][to], F f) {
  V half[from][to];
  for (int j = 0; j < from; ++j) {
    V column[from];
    for (int i = 0; i < from; ++i) column[i] = x[i][j];
    f(column, half[j]);
  }
  for (int i = 0; i < to; ++i) {
    V row[from];
    for (int j = 0; j < from; ++j) row[j] = half[j][i];
    f(row, y[i]);
  }
}

/// Pixels of a square of an image (H, W, channels), null outside of it.
template <int size>
struct Square {
  Square(const float* image, std::int64_t height, std::int64_t width, std::int64_t channels, std::int64_t row,
         std::int64_t column) {
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j) {
        const std::int64_t h = row + i, w = column + j;
        const bool is_inside = h >= 0 && h < height && w >= 0 && w < width;
        pixels[i][j] = is_inside ? image + (h * width + w) * channels : nullptr;
        is_whole = is_whole && is_inside;
      }
    }
  }

  void load_channels(std::int64_t c, V (&x)[size][size]) const {
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j) x[i][j] = is_whole || pixels[i][j] != nullptr ? load(pixels[i][j] + c) : V{};
    }
  }

  const float* pixels[size][size];
  bool is_whole = true;
};

template <int m, int size, class F>
void transform_square(const Square<size>& square, const TileRange& range, const TransformedTiles& to, float* tile,
                      F f) {
  for (std::int64_t c = 0; c < range.channels; c += floats) {
    V x[size][size], t[m + 2][m + 2];
    square.load_channels(range.first_channel + c, x);
    in_both<size, m + 2>(x, t, f);
    for (int p = 0; p < points_of(m); ++p) store(tile + p * to.point_stride + c, t[p / (m + 2)][p % (m + 2)]);
  }
}

}  // namespace

template <Isa, int m>
void transform_input(const WinogradTiles& tiles, const float* x, const TileRange& range, const TransformedTiles& to) {
  const ConvSizes& s = tiles.sizes;
  for (std::int64_t i = 0; i < range.tiles; ++i) {
    const WinogradTile tile(tiles, range.first_tile + i);
    const Square<m + 2> square(x + tile.image * s.image_elements(), s.height, s.width, s.channels,
                               tile.row - s.geometry.padding[0], tile.column - s.geometry.padding[1]);
    transform_square<m>(square, range, to, to.data + i * to.tile_stride, Filter<m>::input);
  }
}

template <Isa, int m>
void transform_gradient(const WinogradTiles& tiles, const float* dy, const TileRange& range,
                        const TransformedTiles& to) {
  const ConvSizes& s = tiles.sizes;
  for (std::int64_t i = 0; i < range.tiles; ++i) {
    const WinogradTile tile(tiles, range.first_tile + i);
    const Square<m> square(dy + tile.image * s.output_elements(), s.out_height, s.out_width, s.out_channels, tile.row,
                           tile.column);
    transform_square<m>(square, range, to, to.data + i * to.tile_stride, Filter<m>::gradient);
  }
}

template <Isa, int m>
void transform_output(const WinogradTiles& tiles, const TransformedTiles& products, const TileRange& range,
                      const TileEpilogue<float>& epilogue, float* y) {
  const ConvSizes& s = tiles.sizes;
  for (std::int64_t i = 0; i < range.tiles; ++i) {
    const WinogradTile tile(tiles, range.first_tile + i);
    const std::int64_t rows = s.out_height - tile.row, columns = s.out_width - tile.column;
    const std::int64_t first = ((tile.image * s.out_height + tile.row) * s.out_width + tile.column) * s.out_channels;
    for (std::int64_t c = 0; c < range.channels; c += floats) {
      V p[m + 2][m + 2], pixels[m][m];
      const float* from = products.data + i * products.tile_stride + c;
      for (int k = 0; k < points_of(m); ++k) p[k / (m + 2)][k % (m + 2)] = load(from + k * products.point_stride);
      in_both<m + 2, m>(p, pixels, Filter<m>::output);
      const std::int64_t channel = range.first_channel + c;
      for (int row = 0; row < m && row < rows; ++row) {
        for (int column = 0; column < m && column < columns; ++column) {
          const std::int64_t at = first + (row * s.out_width + column) * s.out_channels + channel;
          store(y + at, finished(epilogue, pixels[row][column], at, channel));
        }
      }
    }
  }
}

template <Isa, int m>
void transform_kernels(const float* taps, std::int64_t tap_stride, std::int64_t count, float* points,
                       std::int64_t point_stride) {
  for (std::int64_t c = 0; c < count; c += floats) {
    V g[3][3], u[m + 2][m + 2];
    for (int tap = 0; tap < 9; ++tap) g[tap / 3][tap % 3] = load(taps + tap * tap_stride + c);
    in_both<3, m + 2>(g, u, Filter<m>::kernel);
    for (int p = 0; p < points_of(m); ++p) store(points + p * point_stride + c, u[p / (m + 2)][p % (m + 2)]);
  }
}

template <Isa, int m>
void transform_kernel_gradients(const float* points, std::int64_t point_stride, std::int64_t count, float* taps,
                                std::int64_t tap_stride) {
  for (std::int64_t c = 0; c < count; c += floats) {
    V u[m + 2][m + 2], g[3][3];
    for (int p = 0; p < points_of(m); ++p) u[p / (m + 2)][p % (m + 2)] = load(points + p * point_stride + c);
    in_both<m + 2, 3>(u, g, Filter<m>::kernel_gradient);
    for (int tap = 0; tap < 9; ++tap) store(taps + tap * tap_stride + c, g[tap / 3][tap % 3]);
  }
}

template void transform_input<this_isa, 2>(const WinogradTiles&, const float*, const TileRange&,
                                           const TransformedTiles&);
template void transform_input<this_isa, 4>(const WinogradTiles&, const float*, const TileRange&,
                                           const TransformedTiles&);
template void transform_gradient<this_isa, 2>(const WinogradTiles&, const float*, const TileRange&,
                                              const TransformedTiles&);
template void transform_gradient<this_isa, 4>(const WinogradTiles&, const float*, const TileRange&,
                                              const TransformedTiles&);
template void transform_output<this_isa, 2>(const WinogradTiles&, const TransformedTiles&, const TileRange&,
                                            const TileEpilogue<float>&, float*);
template void transform_output<this_isa, 4>(const WinogradTiles&, const TransformedTiles&, const TileRange&,
                                            const TileEpilogue<float>&, float*);
template void transform_kernels<this_isa, 2>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void transform_kernels<this_isa, 4>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void transform_kernel_gradients<this_isa, 2>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void transform_kernel_gradients<this_isa, 4>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);

}  // namespace ebb::kernels
