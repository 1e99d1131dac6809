#include "ebb/kernels/winograd/winograd.h"

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/caches.h"
#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/winograd/tiles.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t taps = 9, line = 16;   // floats of a cache line
constexpr std::int64_t columns_at_once = 64;  // of products, before they are transformed back

/// The convolution over dy that makes dx: its channels are y's, and its kernel is turned round.
ConvSizes turned(const ConvSizes& s) {
  ConvSizes back = s;
  std::swap(back.channels, back.out_channels);
  std::swap(back.height, back.out_height);
  std::swap(back.width, back.out_width);
  for (std::int64_t& padding : back.geometry.padding) padding = 2 - padding;
  return back;
}

/// Kernels whose columns are the outputs of a convolution, (kh, kw, c) their rows.
PanelSource<float> forward_kernels(const ConvSizes& s, const float* weight) {
  return {weight, {1, taps, s.channels}, {0, 1, taps}, s.channels * taps, s.out_channels};
}

/// The same of turned(s), from the same weight.
PanelSource<float> turned_kernels(const ConvSizes& s, const float* weight) {
  return {weight + taps - 1, {3, 3, s.out_channels}, {-3, -1, s.channels * taps}, taps, s.channels};
}

/// Transformed kernels as panels: of each panel all points, (point, c, column).
template <int m>
void transform_weight(const PanelSource<float>& kernels, float* to) {
  const TileShape tile = tile_shape<float>();
  const auto pack = best([]<Isa isa> { return pack_panel<isa, float>; });
  const auto transform = best([]<Isa isa> { return transform_kernels<isa, m>; });
  const std::int64_t channels = kernels.k() / taps;
  parallel_for(tile.panels(kernels.columns), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t column = begin * tile.columns; column < std::min(end * tile.columns, kernels.columns);
         column += tile.columns) {
      const std::int64_t width = tile.width(column, kernels.columns), size = channels * width;
      float* packed = scratch<float>(Scratch::taps, taps * size);
      pack(kernels.panel(column, width), width, packed);
      transform(packed, size, size, to + points_of(m) * channels * column, size);
    }
  });
}

/// How the tiles and the columns are shared out.
struct Shares {
  std::int64_t tiles, columns;  // of a share
  std::int64_t tile_parts, column_parts;
};

Shares shares_of(const WinogradTiles& tiles, int points) {
  constexpr std::int64_t multiplications_per_task = 1 << 19, tasks_per_thread = 4;
  const ConvSizes& s = tiles.sizes;
  const std::int64_t rows = tile_shape<float>().rows, count = tiles.count();
  const std::int64_t in_cache = caches().l2 / 2 / (points * s.channels * static_cast<std::int64_t>(sizeof(float)));
  const std::int64_t most = std::clamp<std::int64_t>(in_cache / rows * rows, 2 * rows, 8 * rows);
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

/// The products of some tiles with some columns of the transformed kernels, at every point.
template <int m>
void multiply_points(const TransformedTiles& inputs, std::int64_t tiles, std::int64_t channels, const float* kernels,
                     std::int64_t first_column, std::int64_t columns, std::int64_t all_columns,
                     const TransformedTiles& products) {
  const auto multiply = best([]<Isa isa> { return multiply_panel<isa, float>; });
  const TileShape tile = tile_shape<float>();
  for (std::int64_t column = first_column; column < first_column + columns; column += tile.columns) {
    const std::int64_t width = tile.width(column, all_columns);
    const float* panel = kernels + points_of(m) * channels * column;
    for (int point = 0; point < points_of(m); ++point) {
      multiply({.rows = tiles,
                .columns = std::min(width, all_columns - column),
                .k = channels,
                .a = inputs.data + point * inputs.point_stride,
                .a_row = channels,
                .a_column = 1,
                .terms = one_run(channels),
                .panel = panel + point * channels * width,
                .width = width,
                .next_panel = panel + (point + 1) * channels * width,
                .c = products.data + point * products.point_stride + column - first_column,
                .c_row = products.tile_stride});
    }
  }
}

template <int m>
void convolve(const ConvSizes& s, const float* x, const float* kernels, const TileEpilogue<float>& epilogue, float* y) {
  const WinogradTiles tiles(s, m);
  const Shares shares = shares_of(tiles, points_of(m));
  const auto to_points = best([]<Isa isa> { return transform_input<isa, m>; });
  const auto to_pixels = best([]<Isa isa> { return transform_output<isa, m>; });
  parallel_for(shares.tile_parts * shares.column_parts, 1, [&](std::int64_t begin, std::int64_t end) {
    // A line more, or points lie a power of two apart and share few sets of a cache.
    const TransformedTiles inputs{scratch<float>(Scratch::inputs, points_of(m) * (shares.tiles * s.channels + line)),
                                  shares.tiles * s.channels + line, s.channels};
    const TransformedTiles products{
        scratch<float>(Scratch::products, points_of(m) * (shares.tiles * columns_at_once + line)),
        shares.tiles * columns_at_once + line, columns_at_once};
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i / shares.column_parts * shares.tiles,
                         count = std::min(shares.tiles, tiles.count() - first);
      const std::int64_t first_column = i % shares.column_parts * shares.columns;
      const std::int64_t last_column = std::min(first_column + shares.columns, s.out_channels);
      to_points(tiles, x, {first, count, 0, s.channels}, inputs);
      for (std::int64_t column = first_column; column < last_column; column += columns_at_once) {
        const std::int64_t columns = std::min(columns_at_once, last_column - column);
        multiply_points<m>(inputs, count, s.channels, kernels, column, columns, s.out_channels, products);
        to_pixels(tiles, products, {first, count, column, columns}, epilogue, y);
      }
    }
  });
}

template <int m>
std::int64_t transformed_elements(const ConvSizes& s) {
  return points_of(m) * packed_elements<float>(s.channels, s.out_channels);
}

}  // namespace

template <int m>
void winograd_forward(const ConvSizes& s, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                      Tensor& y) {
  const Tensor kernels = weight.as(m == 2 ? "winograd2" : "winograd4", [&] {
    Tensor transformed = allocate({transformed_elements<m>(s)}, DType::float32);
    transform_weight<m>(forward_kernels(s, weight.weight().data<float>()), transformed.data<float>());
    return transformed;
  });
  convolve<m>(s, x.data<float>(), kernels.data<float>(), elements_of<float>(epilogue), y.data<float>());
}

template <int m>
void winograd_backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, Tensor& dx) {
  const ConvSizes back = turned(s);
  float* kernels = scratch<float>(Scratch::kernels, transformed_elements<m>(back));
  transform_weight<m>(turned_kernels(s, weight.weight().data<float>()), kernels);
  convolve<m>(back, dy.data<float>(), kernels, {}, dx.data<float>());
}

const char* winograd_refusal(const ConvTask& task) {
  const ConvSizes& s = task.sizes;
  const auto& g = s.geometry;
  if (task.dtype != DType::float32) return "the elements are not of float32";
  if (s.kernel_height != 3 || s.kernel_width != 3) return "the kernel is not 3 x 3";
  if (g.stride[0] != 1 || g.stride[1] != 1 || g.dilation[0] != 1 || g.dilation[1] != 1)
    return "it has strides or dilation";
  if (s.images * s.image_elements() == 0) return "there is no image";
  if (g.groups != 1) return "it has groups";
  if (g.padding[0] > 2 || g.padding[1] > 2) return "the padding is larger than 2";
  if (s.channels % 16 != 0 || s.out_channels % 16 != 0) return "a number of channels is no multiple of 16";
  return nullptr;
}

double winograd_cycles(const ConvTask& task, int m) {
  const ConvSizes& s = task.sizes;
  const double tiles = static_cast<double>(WinogradTiles(s, m).count()), points = points_of(m);
  const double channels = static_cast<double>(s.channels), outputs = static_cast<double>(s.out_channels);
  const double lanes = tile_shape<float>().columns / 2;
  // The factors of a weight's gradient pass through memory.
  const bool is_weight = task.pass == ConvPass::backward_weight;
  const double per_cycle = 2 * lanes * (is_weight ? 0.375 : 0.75), per_transformed = is_weight ? 2 : 3.5 / lanes;
  constexpr double per_kernel_float = 2;
  return points * (tiles * channels * outputs / per_cycle + per_transformed * tiles * (channels + outputs) +
                   per_kernel_float * channels * outputs);
}

template void winograd_forward<2>(const ConvSizes&, const Tensor&, const PackedWeight&, const Epilogue&, Tensor&);
template void winograd_forward<4>(const ConvSizes&, const Tensor&, const PackedWeight&, const Epilogue&, Tensor&);
template void winograd_backward_input<2>(const ConvSizes&, const Tensor&, const PackedWeight&, Tensor&);
template void winograd_backward_input<4>(const ConvSizes&, const Tensor&, const PackedWeight&, Tensor&);

}  // namespace ebb::kernels
