// The gradient of the weight by tiles: at each point the product of the transformed inputs with the transformed
// gradients, summed over all tiles, some hundred of them at a time.
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
      : input_stride(at_once * s.channels + line),
        gradient_stride(packed_elements<float>(at_once, s.out_channels) + line),
        points(points) {}

  std::int64_t elements() const { return points * (input_stride + gradient_stride); }
  float* gradients(float* memory) const { return memory + points * input_stride; }

  std::int64_t input_stride, gradient_stride, points;
};

template <int m, int n>
void transform_both(const WinogradTiles& tiles, const float* x, const float* dy, std::int64_t first, std::int64_t count,
                    const Batch& batch, float* memory) {
  constexpr std::int64_t tiles_per_task = 8;
  const ConvSizes& s = tiles.sizes;
  const TileShape shape = tile_shape<float>();
  const auto input = best([]<Isa isa> { return transform_input<isa, n>; });
  const auto gradient = best([]<Isa isa> { return transform_gradient<isa, m, n>; });
  parallel_for(count, tiles_per_task, [&](std::int64_t begin, std::int64_t end) {
    input(tiles, x, {first + begin, end - begin, 0, s.channels},
          {memory + begin * s.channels, batch.input_stride, s.channels});
    for (std::int64_t column = 0; column < s.out_channels; column += shape.columns) {
      const std::int64_t width = shape.width(column, s.out_channels);
      float* panel = batch.gradients(memory) + column * count + begin * width;
      gradient(tiles, dy, {first + begin, end - begin, column, width}, {panel, batch.gradient_stride, width});
    }
  });
}

/// sums (point, c, o), `stride` elements from point to point, += inputs^T gradients at each point.
void multiply_points(const ConvSizes& s, std::int64_t count, const Batch& batch, float* memory, bool accumulate,
                     float* sums, std::int64_t stride) {
  const TileShape shape = tile_shape<float>();
  const auto pack = best([]<Isa isa> { return pack_tiles<isa, float>; });
  const bool is_near = s.channels <= near_columns<float>;
  const auto multiply = best([]<Isa isa> { return multiply_panel<isa, float>; });
  parallel_for(batch.points, 1, [&](std::int64_t begin, std::int64_t end) {
    float* tiles = scratch<float>(Scratch::tiles, is_near ? 0 : s.channels * count);
    for (std::int64_t point = begin; point < end; ++point) {
      const float* inputs = memory + point * batch.input_stride;
      if (!is_near) pack(inputs, s.channels, s.channels, count, tiles);
      for (std::int64_t column = 0; column < s.out_channels; column += shape.columns) {
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
                  .c = sums + point * stride + column,
                  .c_row = s.out_channels,
                  .accumulate = accumulate});
      }
    }
  });
}

template <int m, int r>
void backward_weight(const ConvSizes& s, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  constexpr int n = m + r - 1;
  const WinogradTiles tiles(s, m);
  const std::int64_t kernels = s.channels * s.out_channels;
  const std::int64_t in_caches =
      2 * caches().l2 / (n * n * (s.channels + s.out_channels) * static_cast<std::int64_t>(sizeof(float)));
  const std::int64_t at_once = parts(tiles.count(), parts(tiles.count(), std::clamp<std::int64_t>(in_caches, 64, 512)));
  const Batch batch(s, at_once, n * n);
  float* memory = scratch<float>(Scratch::inputs, batch.elements());
  const std::int64_t stride = kernels + line;  // of the sums, from point to point
  float* sums = scratch<float>(Scratch::products, n * n * stride);
  for (std::int64_t first = 0; first < tiles.count(); first += at_once) {
    const std::int64_t count = std::min(at_once, tiles.count() - first);
    transform_both<m, n>(tiles, x.data<float>(), dy.data<float>(), first, count, batch, memory);
    multiply_points(s, count, batch, memory, first > 0, sums, stride);
  }
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
