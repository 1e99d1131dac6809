#include "ebb/kernels/winograd/winograd.h"

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/caches.h"
#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/winograd/tiles.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t line = 16;             // floats of a cache line
constexpr std::int64_t columns_at_once = 64;  // of products, before they are transformed back

/// The convolution over dy that makes dx: its channels are y's, and its kernel is turned round.
ConvSizes turned(const ConvSizes& s) {
  ConvSizes back = s;
  std::swap(back.channels, back.out_channels);
  std::swap(back.height, back.out_height);
  std::swap(back.width, back.out_width);
  for (std::int64_t& padding : back.geometry.padding) padding = s.kernel_height - 1 - padding;
  return back;
}

/// Kernels whose columns are the outputs of a convolution, (kh, kw, c) their rows.
PanelSource<float> forward_kernels(const ConvSizes& s, const float* weight) {
  return {weight, {1, s.taps(), s.channels}, {0, 1, s.taps()}, s.patch(), s.out_channels};
}

/// The same of turned(s), from the same weight.
PanelSource<float> turned_kernels(const ConvSizes& s, const float* weight) {
  return {weight + s.taps() - 1,
          {s.kernel_height, s.kernel_width, s.out_channels},
          {-s.kernel_width, -1, s.patch()},
          s.taps(),
          s.channels};
}

/// Rows that a panel of transformed kernels has for each point: one more than channels, or points lie a power of two
/// apart and share few sets of a cache.
constexpr std::int64_t rows_of_point(std::int64_t channels) { return channels + 1; }

/// The transformed kernels of the panel that begins with `column`: (point, c, column).
template <int r, int n>
void transform_panel(const PanelSource<float>& kernels, std::int64_t column, float* to) {
  const auto pack = best([]<Isa isa> { return pack_panel<isa, float>; });
  const auto transform = best([]<Isa isa> { return transform_kernels<isa, r, n>; });
  const std::int64_t channels = kernels.k() / (r * r), width = tile_shape<float>().width(column, kernels.columns);
  const std::int64_t size = channels * width;
  float* packed = scratch<float>(Scratch::taps, r * r * size);
  pack(kernels.panel(column, width), width, packed);
  transform(packed, size, size, to, rows_of_point(channels) * width);
}

/// Transformed kernels as panels, one after the other.
template <int r, int n>
void transform_weight(const PanelSource<float>& kernels, float* to) {
  const TileShape tile = tile_shape<float>();
  const std::int64_t of_column = n * n * rows_of_point(kernels.k() / (r * r));
  parallel_for(tile.panels(kernels.columns), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      transform_panel<r, n>(kernels, i * tile.columns, to + of_column * i * tile.columns);
    }
  });
}

/// How the tiles and the columns are shared out.
struct Shares {
  std::int64_t tiles, columns;  // of a share
  std::int64_t tile_parts, column_parts;
};

Shares shares_of(const WinogradTiles& tiles, std::int64_t points) {
  constexpr std::int64_t multiplications_per_task = 1 << 19, tasks_per_thread = 4;
  const ConvSizes& s = tiles.sizes;
  const std::int64_t rows = tile_shape<float>().rows, count = tiles.count();
  const std::int64_t in_cache = caches().l2 / 2 / (points * s.channels * static_cast<std::int64_t>(sizeof(float)));
  const std::int64_t most = std::clamp<std::int64_t>(in_cache / rows * rows, 4 * rows, 8 * rows);
  const std::int64_t work = points * count * s.channels * s.out_channels;
  const std::int64_t wanted =
      std::clamp<std::int64_t>(work / multiplications_per_task, 1, tasks_per_thread * num_threads());
  const std::int64_t tile_parts = std::max(parts(count, most), std::min(wanted, parts(count, 2 * rows)));
  Shares shares{parts(count, tile_parts), s.out_channels, 0, 1};
  shares.tile_parts = parts(count, shares.tiles);
  if (shares.tile_parts < wanted) {
    const std::int64_t groups = parts(s.out_channels, columns_at_once);
    shares.columns = parts(groups, std::min(groups, parts(wanted, shares.tile_parts))) * columns_at_once;
    shares.column_parts = parts(s.out_channels, shares.columns);
  }
  return shares;
}

/// The memory of this thread for some tiles, of each so many channels. A line more, as with kernels.
template <int n>
TransformedTiles scratch_for(Scratch what, std::int64_t tiles, std::int64_t channels) {
  const std::int64_t of_point = tiles * channels + line;
  return {scratch<float>(what, n * n * of_point), of_point, channels};
}

/// The products of some tiles with some columns of the transformed kernels, whose panels begin at `panels`, at every
/// point.
template <int n>
void multiply_points(const TransformedTiles& inputs, std::int64_t tiles, std::int64_t channels, const float* panels,
                     std::int64_t columns, const TransformedTiles& products) {
  const auto multiply = best([]<Isa isa> { return multiply_panel<isa, float>; });
  const TileShape tile = tile_shape<float>();
  for (std::int64_t column = 0; column < columns; column += tile.columns) {
    const std::int64_t width = tile.width(column, columns);
    const std::int64_t of_point = rows_of_point(channels) * width;
    const float* panel = panels + n * n * rows_of_point(channels) * column;
    for (int point = 0; point < n * n; ++point) {
      multiply({.rows = tiles,
                .columns = width,
                .k = channels,
                .a = inputs.data + point * inputs.point_stride,
                .a_row = channels,
                .a_column = 1,
                .terms = one_run(channels),
                .panel = panel + point * of_point,
                .width = width,
                .next_panel = panel + (point + 1) * of_point,
                .c = products.data + point * products.point_stride + column,
                .c_row = products.tile_stride});
    }
  }
}

/// With all kernels transformed, some tiles at a time.
template <int m, int n>
void convolve(const ConvSizes& s, const float* x, const float* kernels, const TileEpilogue<float>& epilogue, float* y) {
  const WinogradTiles tiles(s, m);
  const Shares shares = shares_of(tiles, n * n);
  const auto to_points = best([]<Isa isa> { return transform_input<isa, n>; });
  const auto to_pixels = best([]<Isa isa> { return transform_output<isa, m, n>; });
  parallel_for(shares.tile_parts * shares.column_parts, 1, [&](std::int64_t begin, std::int64_t end) {
    const TransformedTiles inputs = scratch_for<n>(Scratch::inputs, shares.tiles, s.channels);
    const TransformedTiles products = scratch_for<n>(Scratch::products, shares.tiles, columns_at_once);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i / shares.column_parts * shares.tiles,
                         count = std::min(shares.tiles, tiles.count() - first);
      const std::int64_t first_column = i % shares.column_parts * shares.columns;
      const std::int64_t last_column = std::min(first_column + shares.columns, s.out_channels);
      to_points(tiles, x, {first, count, 0, s.channels}, inputs);
      for (std::int64_t column = first_column; column < last_column; column += columns_at_once) {
        const std::int64_t columns = std::min(columns_at_once, last_column - column);
        multiply_points<n>(inputs, count, s.channels, kernels + n * n * rows_of_point(s.channels) * column, columns,
                           products);
        to_pixels(tiles, products, {first, count, column, columns}, epilogue, y);
      }
    }
  });
}

/// With few tiles, all of them transformed: the kernels panel by panel, as they are multiplied.
template <int m, int r>
void convolve_by_panels(const ConvSizes& s, const float* x, const PanelSource<float>& kernels,
                        const TileEpilogue<float>& epilogue, float* y) {
  constexpr int n = m + r - 1;
  const WinogradTiles tiles(s, m);
  const TileShape tile = tile_shape<float>();
  const auto to_points = best([]<Isa isa> { return transform_input<isa, n>; });
  const auto to_pixels = best([]<Isa isa> { return transform_output<isa, m, n>; });
  const TransformedTiles inputs = scratch_for<n>(Scratch::inputs, tiles.count(), s.channels);
  parallel_for(tiles.count(), 1, [&](std::int64_t begin, std::int64_t end) {
    to_points(tiles, x, {begin, end - begin, 0, s.channels}, inputs.from(begin));
  });
  const std::int64_t panels = tile.panels(s.out_channels);
  const Split shares(tiles.count(), tile.rows, parts(num_threads(), panels));
  parallel_for(panels * shares.parts, 1, [&](std::int64_t begin, std::int64_t end) {
    float* panel = scratch<float>(Scratch::kernels, n * n * rows_of_point(s.channels) * tile.columns);
    const TransformedTiles products = scratch_for<n>(Scratch::products, shares.most(), tile.columns);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t column = i / shares.parts * tile.columns, width = tile.width(column, s.out_channels);
      const std::int64_t first = shares.begin(i % shares.parts), count = shares.size(i % shares.parts);
      transform_panel<r, n>(kernels, column, panel);
      multiply_points<n>(inputs.from(first), count, s.channels, panel, width, products);
      to_pixels(tiles, products, {first, count, column, width}, epilogue, y);
    }
  });
}

std::int64_t transformed_elements(const ConvSizes& s, std::int64_t n) {
  return n * n * packed_elements<float>(rows_of_point(s.channels), s.out_channels);
}

template <int m, int r>
void forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue, Tensor& y) {
  constexpr int n = m + r - 1;
  const PanelSource<float> kernels = forward_kernels(s, weight.weight().data<float>());
  const TileEpilogue<float> last = elements_of<float>(epilogue);
  if (!weight.is_kept() && WinogradTiles(s, m).are_few()) {
    return convolve_by_panels<m, r>(s, x.data<float>(), kernels, last, y.data<float>());
  }
  const auto transform = [&] {
    Tensor transformed = allocate({transformed_elements(s, n)}, DType::float32);
    transform_weight<r, n>(kernels, transformed.data<float>());
    return transformed;
  };
  const Tensor transformed = weight.as("winograd", transform, nullptr, {m});
  convolve<m, n>(s, x.data<float>(), transformed.data<float>(), last, y.data<float>());
}

template <int m, int r>
void backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, const Tensor& shift, Tensor& dx) {
  constexpr int n = m + r - 1;
  const ConvSizes back = turned(s);
  const PanelSource<float> kernels = turned_kernels(s, weight.weight().data<float>());
  const TileEpilogue<float> last = elements_of<float>({.shift = shift});
  if (WinogradTiles(back, m).are_few()) {
    return convolve_by_panels<m, r>(back, dy.data<float>(), kernels, last, dx.data<float>());
  }
  float* transformed = scratch<float>(Scratch::kernels, transformed_elements(back, n));
  transform_weight<r, n>(kernels, transformed);
  convolve<m, n>(back, dy.data<float>(), transformed, last, dx.data<float>());
}

}  // namespace

template <int m>
void winograd_forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                      Tensor& y) {
  visit_kernel<m>(s, [&]<int r> { forward<m, r>(s, x, weight, epilogue, y); });
}

template <int m>
void winograd_backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                             Tensor& dx) {
  visit_kernel<m>(s, [&]<int r> { backward_input<m, r>(s, dy, weight, shift, dx); });
}

template <int m>
const char* winograd_refusal(const ConvTask& task) {
  const ConvSizes& s = task.sizes;
  const auto& g = s.geometry;
  if (task.dtype != DType::float32) return "the elements are not of float32";
  if (s.kernel_height != s.kernel_width) return "the kernel is not square";
  if (s.kernel_height != 3 && (m == 4 || s.kernel_height != 5)) {
    return m == 4 ? "the kernel is not 3 x 3" : "the kernel is neither 3 x 3 nor 5 x 5";
  }
  if (g.stride[0] != 1 || g.stride[1] != 1 || g.dilation[0] != 1 || g.dilation[1] != 1)
    return "it has strides or dilation";
  if (s.images * s.image_elements() == 0) return "there is no image";
  if (g.groups != 1) return "it has groups";
  if (std::max(g.padding[0], g.padding[1]) >= s.kernel_height) return "the padding is as large as the kernel";
  if (s.channels % 16 != 0 || s.out_channels % 16 != 0) return "a number of channels is no multiple of 16";
  return nullptr;
}

double winograd_cycles(const ConvTask& task, int m) {
  const ConvSizes& s = task.sizes;
  const WinogradTiles all(s, m);
  const double tiles = static_cast<double>(all.count()), taps = static_cast<double>(s.taps()),
               points = static_cast<double>(s.kernel_height + m - 1) * static_cast<double>(s.kernel_width + m - 1);
  const double channels = static_cast<double>(s.channels), outputs = static_cast<double>(s.out_channels);
  const double lanes = tile_shape<float>().columns / 2;
  // The factors of a weight's gradient pass through memory and, but in parts, its sums are added to again and again.
  const bool is_weight = task.pass == ConvPass::backward_weight, in_parts = all.are_few(is_weight ? 2 : 1);
  const double per_cycle = 2 * lanes * (is_weight && !in_parts ? 0.65 : 0.75);
  const double per_transformed = 3.5 / lanes + (is_weight ? 0.75 : 0);
  double per_point = is_weight ? 4 : 2, per_tap = 0;  // of a kernel
  if (in_parts) {
    per_point = is_weight ? 0.85 : 0.55;
    per_tap = is_weight ? 1 : 2.2;
    if (task.pass == ConvPass::forward) per_point = 0.8, per_tap = 0;  // where they are kept
  }
  return points * tiles * (channels * outputs / per_cycle + per_transformed * (channels + outputs)) +
         (points * per_point + taps * per_tap) * channels * outputs;
}

template const char* winograd_refusal<2>(const ConvTask&);
template const char* winograd_refusal<4>(const ConvTask&);
template void winograd_forward<2>(const ConvSizes&, const Tensor&, const PackedWeight&, const Epilogue&, Tensor&);
template void winograd_forward<4>(const ConvSizes&, const Tensor&, const PackedWeight&, const Epilogue&, Tensor&);
template void winograd_backward_input<2>(const ConvSizes&, const Tensor&, const PackedWeight&, const Tensor&, Tensor&);
template void winograd_backward_input<4>(const ConvSizes&, const Tensor&, const PackedWeight&, const Tensor&, Tensor&);

}  // namespace ebb::kernels
