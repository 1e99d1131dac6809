// The gradient of the weight by tiles: at each point the product of the transformed inputs with the transformed
// gradients, summed over all tiles, some hundred of them at a time.
#include <algorithm>
#include <bit>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/conv/weight_matrix.h"
#include "ebb/kernels/cpu/caches.h"
#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/winograd/tiles.h"
#include "ebb/kernels/winograd/winograd.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t line = 16;  // floats of a cache line

/// The tiles that are transformed before they are multiplied, in one piece of memory.
struct Batch {
  Batch(const ConvSizes& s, std::int64_t at_once, std::int64_t points)
      : input_stride(point_stride_of(at_once * s.channels)),
        gradient_stride(point_stride_of(packed_elements<float>(at_once, s.out_channels))),
        points(points) {}

  std::int64_t elements() const { return points * (input_stride + gradient_stride); }
  float* gradients(float* memory) const { return memory + points * input_stride; }

  std::int64_t input_stride, gradient_stride, points;
};

/// The inputs' channels in parts: (part, tile, channel) at each point.
template <int m, int n>
void transform_both(const WinogradTiles& tiles, const float* x, const float* dy, std::int64_t first, std::int64_t count,
                    const Split& channels, const Batch& batch, float* memory) {
  const ConvSizes& s = tiles.sizes;
  const std::int64_t tiles_per_task = std::clamp<std::int64_t>(1024 / s.channels, 1, 8);
  const TileShape shape = tile_shape<float>();
  const auto input = best([]<Isa isa> { return transform_input<isa, n>; });
  const auto gradient = best([]<Isa isa> { return transform_gradient<isa, m, n>; });
  parallel_for(count, tiles_per_task, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = 0; part < channels.parts; ++part) {
      const std::int64_t channel = channels.begin(part), size = channels.size(part);
      input(tiles, x, {first + begin, end - begin, channel, size},
            {memory + channel * count + begin * size, batch.input_stride, size});
    }
    for (std::int64_t column = 0; column < s.out_channels; column += shape.columns) {
      const std::int64_t width = shape.width(column, s.out_channels);
      float* panel = batch.gradients(memory) + column * count + begin * width;
      gradient(tiles, dy, {first + begin, end - begin, column, width}, {panel, batch.gradient_stride, width});
    }
  });
}

/// The product of both at each point: element (point, c, o) at point * stride + c * O + o.
struct Sums {
  float* data;
  std::int64_t stride;
};

/// sums += inputs^T gradients at each point. Of many threads several have a point's columns.
void multiply_points(const ConvSizes& s, std::int64_t count, const Batch& batch, float* memory, bool accumulate,
                     const Sums& sums) {
  const TileShape shape = tile_shape<float>();
  const auto pack = best([]<Isa isa> { return pack_tiles<isa, float>; });
  const bool is_near = s.channels <= near_columns<float>;
  const auto multiply = best([]<Isa isa> { return multiply_panel<isa, float>; });
  const Split columns(s.out_channels, shape.columns, parts(2 * num_threads(), batch.points));
  parallel_for(batch.points * columns.parts, 1, [&](std::int64_t begin, std::int64_t end) {
    float* tiles = scratch<float>(Scratch::tiles, is_near ? 0 : s.channels * count);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t point = i / columns.parts, part = i % columns.parts;
      const float* inputs = memory + point * batch.input_stride;
      if (!is_near) pack(inputs, s.channels, s.channels, count, tiles);
      for (std::int64_t column = columns.begin(part); column < columns.begin(part + 1); column += shape.columns) {
        const std::int64_t width = shape.width(column, s.out_channels);
        const float* panel = batch.gradients(memory) + point * batch.gradient_stride + column * count;
        multiply({.rows = s.channels,
                  .columns = width,
                  .k = count,
                  .a = is_near ? inputs : tiles,
                  .a_row = 1,
                  .a_column = is_near ? s.channels : 0,
                  .terms = one_run(count),
                  .panel = panel,
                  .width = width,
                  .next_panel = panel + count * width,
                  .c = sums.data + point * sums.stride + column,
                  .c_row = s.out_channels,
                  .accumulate = accumulate});
      }
    }
  });
}

/// What the tiles `begin` to `end` say, `at_once` of them at a time.
template <int m, int n>
void sum_tiles(const WinogradTiles& tiles, const float* x, const float* dy, std::int64_t begin, std::int64_t end,
               std::int64_t at_once, const Sums& sums) {
  const Batch batch(tiles.sizes, at_once, n * n);
  float* memory = scratch<float>(Scratch::inputs, batch.elements());
  for (std::int64_t first = begin; first < end; first += at_once) {
    const std::int64_t count = std::min(at_once, end - first);
    transform_both<m, n>(tiles, x, dy, first, count, {tiles.sizes.channels, line, 1}, batch, memory);
    multiply_points(tiles.sizes, count, batch, memory, first > begin, sums);
  }
}

/// Into how many shares tiles are cut that have sums of their own, where these stay in a core's cache: of one each,
/// which is the same for any number of threads. Where the sums are too large for that, there is one share.
std::int64_t shares_of(std::int64_t tiles, std::int64_t sums) {
  constexpr std::int64_t most_sums = 1 << 18, tiles_of_share = 256, most_shares = 8;
  if (sums > most_sums) return 1;
  return std::min(most_shares,
                  static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(tiles / tiles_of_share + 1))));
}

/// With few tiles: some channels of the inputs times a panel of the gradients, both transformed, at all points, and the
/// taps of that while it is in the cache.
template <int m, int r>
void backward_weight_by_parts(const WinogradTiles& tiles, const float* x, const float* dy, float* dweight) {
  constexpr int n = m + r - 1;
  const ConvSizes& s = tiles.sizes;
  const TileShape shape = tile_shape<float>();
  const std::int64_t count = tiles.count();
  const auto multiply = best([]<Isa isa> { return multiply_panel<isa, float>; });
  const auto transform = best([]<Isa isa> { return transform_kernel_gradients<isa, r, n>; });
  const Batch batch(s, count, n * n);
  float* memory = scratch<float>(Scratch::inputs, batch.elements());
  const Split rows(s.channels, line, parts(s.channels, near_columns<float>));
  transform_both<m, n>(tiles, x, dy, 0, count, rows, batch, memory);
  const std::int64_t panels = shape.panels(s.out_channels), most = rows.most() * shape.columns;
  parallel_for(rows.parts * panels, 1, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t stride = point_stride_of(most);
    float* sums = scratch<float>(Scratch::products, n * n * stride);
    float* taps = scratch<float>(Scratch::taps, r * r * most);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t channel = rows.begin(i / panels), channels = rows.size(i / panels);
      const std::int64_t column = i % panels * shape.columns, width = shape.width(column, s.out_channels);
      for (int point = 0; point < n * n; ++point) {
        const float* panel = batch.gradients(memory) + point * batch.gradient_stride + column * count;
        multiply({.rows = channels,
                  .columns = width,
                  .k = count,
                  .a = memory + point * batch.input_stride + channel * count,
                  .a_row = 1,
                  .a_column = channels,
                  .terms = one_run(count),
                  .panel = panel,
                  .width = width,
                  .next_panel = panel + batch.gradient_stride,
                  .c = sums + point * stride,
                  .c_row = width});
      }
      transform(sums, stride, channels * width, taps, channels * width);
      weight_from_part<float>(s, {taps, channels * width, width, channels, width},
                              dweight + column * s.patch() + channel * s.taps());
    }
  });
}

template <int m, int r>
void backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  constexpr int n = m + r - 1;
  const WinogradTiles tiles(s, m);
  if (tiles.are_few(2)) {
    return backward_weight_by_parts<m, r>(tiles, x.data<float>(), dy.data<float>(), dweight.data<float>());
  }
  const std::int64_t kernels = s.channels * s.out_channels, stride = point_stride_of(kernels),
                     elements = n * n * stride;
  const std::int64_t shares = shares_of(tiles.count(), elements), of_share = parts(tiles.count(), shares);
  const std::int64_t cache = (shares == 1 ? 2 : 1) * caches().l2 / static_cast<std::int64_t>(sizeof(float));
  const std::int64_t fitting = std::clamp<std::int64_t>(cache / (n * n * (s.channels + s.out_channels)), 64, 512);
  const std::int64_t at_once = parts(of_share, parts(of_share, fitting));
  float* sums = scratch<float>(Scratch::shares, shares * elements);
  // More threads than shares work on one at a time: what is transformed then passes from core to core.
  const bool together = num_threads() > shares;
  parallel_for(shares, together ? shares : 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      sum_tiles<m, n>(tiles, x.data<float>(), dy.data<float>(), tiles.count() * i / shares,
                      tiles.count() * (i + 1) / shares, at_once, {sums + i * elements, stride});
    }
  });
  add_shares(shares, elements, sums, sums);
  float* matrix = scratch<float>(Scratch::result, s.patch() * s.out_channels);
  const auto transform = best([]<Isa isa> { return transform_kernel_gradients<isa, r, n>; });
  parallel_for(kernels / line, 1024, [&](std::int64_t begin, std::int64_t end) {
    transform(sums + begin * line, stride, (end - begin) * line, matrix + begin * line, kernels);
  });
  weight_from_matrix(s, 0, matrix, dweight.data<float>());
}

}  // namespace

template <int m>
void winograd_backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_kernel<m>(s, [&]<int r> { backward_weight<m, r>(s, x, dy, dweight); });
}

template void winograd_backward_weight<2>(const ConvSizes&, const Tensor&, const Tensor&, Tensor&);
template void winograd_backward_weight<4>(const ConvSizes&, const Tensor&, const Tensor&, Tensor&);

}  // namespace ebb::kernels
