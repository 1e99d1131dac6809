#include "ebb/kernels/im2col/pixel_blocks.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/im2col.h"

namespace ebb::kernels {
namespace {

/// Along one dimension: a block of `pixels` of the input, of `outputs` strides. Its pixel a is reached from output
/// outputs q - j, of the q-th block, by tap stride j + a + padding, for j from `last` - taps + 1 up to `last`; a kernel
/// may lack some of these.
struct Blocks {
  Blocks(const ConvSizes& s, std::size_t dim, std::int64_t outputs)
      : outputs(outputs),
        stride(s.geometry.stride[dim]),
        pixels(outputs * stride),
        padding(s.geometry.padding[dim]),
        kernel(dim == 0 ? s.kernel_height : s.kernel_width),
        count(parts(dim == 0 ? s.height : s.width, pixels)) {
    const std::int64_t farthest = kernel - 1 - padding;
    last = farthest >= 0 ? farthest / stride : -parts(-farthest, stride);
    taps = last + (pixels - 1 + padding) / stride + 1;
  }

  /// The kernel's tap that pixel a has in place of tap u of the merged kernel; -1 where it has none.
  std::int64_t tap(std::int64_t u, std::int64_t a) const {
    const std::int64_t tap = stride * (last - u) + a + padding;
    return tap >= 0 && tap < kernel ? tap : -1;
  }

  std::int64_t outputs, stride, pixels, padding, kernel, count;
  std::int64_t last, taps;
};

struct BlockPair {
  Blocks vertical, horizontal;
};

/// What multiplying by so many columns costs, in panels: a narrow one has too few sums to hide what each waits for.
template <class T>
double cost_of(std::int64_t columns) {
  const std::int64_t panel = tile_shape<T>().columns, left = columns % panel;
  const double narrow = left == 0 ? 0 : 2 * left <= panel ? 0.8 : 1;
  return static_cast<double>(columns / panel) + narrow;
}

/// The convolution over dy, whose outputs are (a, b, c): the row and the column in a block, and the channel.
ConvSizes merged_sizes(const ConvSizes& s, const Blocks& vertical, const Blocks& horizontal) {
  ConvSizes merged = s;
  merged.channels = s.out_channels;
  merged.out_channels = vertical.pixels * horizontal.pixels * s.channels;
  merged.height = s.out_height;
  merged.width = s.out_width;
  merged.out_height = vertical.count;
  merged.out_width = horizontal.count;
  merged.kernel_height = vertical.taps;
  merged.kernel_width = horizontal.taps;
  merged.geometry = {{vertical.outputs, horizontal.outputs}, {vertical.last, horizontal.last}, {1, 1}, 1};
  return merged;
}

/// Its weight, (a b c, o, u, v), as panels.
template <class T>
Tensor merged_panels(const ConvSizes& s, const ConvSizes& merged, const Blocks& vertical, const Blocks& horizontal,
                     const T* weight) {
  std::vector<T> whole(static_cast<std::size_t>(merged.out_channels * merged.patch()));
  T* to = whole.data();
  for (std::int64_t output = 0; output < merged.out_channels; ++output) {
    const std::int64_t c = output % s.channels, b = output / s.channels % horizontal.pixels,
                       a = output / s.channels / horizontal.pixels;
    for (std::int64_t o = 0; o < s.out_channels; ++o) {
      const T* kernel = weight + (o * s.channels + c) * s.taps();
      for (std::int64_t u = 0; u < merged.kernel_height; ++u) {
        for (std::int64_t v = 0; v < merged.kernel_width; ++v, ++to) {
          const std::int64_t row = vertical.tap(u, a), column = horizontal.tap(v, b);
          *to = row < 0 || column < 0 ? T(0) : kernel[row * s.kernel_width + column];
        }
      }
    }
  }
  Tensor panels = allocate({packed_elements<T>(merged.patch(), merged.out_channels)}, dtype_of<T>);
  pack_on_threads<T>(
      {whole.data(), {1, merged.taps(), merged.channels}, {0, 1, merged.taps()}, merged.patch(), merged.out_channels},
      panels.data<T>());
  return panels;
}

/// The blocks' pixels to where they belong; some blocks reach beyond the image.
template <class T>
void spread(const ConvSizes& s, const Blocks& vertical, const Blocks& horizontal, const T* blocks, T* dx) {
  const std::int64_t part = horizontal.pixels * s.channels, of_block = vertical.pixels * part,
                     row = s.width * s.channels;
  parallel_for(s.images * s.height, parts(1 << 14, row), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t image = i / s.height, h = i % s.height;
      const T* from = blocks + (image * vertical.count + h / vertical.pixels) * horizontal.count * of_block +
                      h % vertical.pixels * part;
      T* to = dx + i * row;
      for (std::int64_t done = 0; done < row; done += part, from += of_block) {
        std::copy_n(from, std::min(part, row - done), to + done);
      }
    }
  });
}

/// The blocks that cost least; none where single pixels cost no more, or where most of what they make no output
/// reaches.
template <class T>
std::optional<BlockPair> best_blocks(const ConvSizes& s) {
  const auto& g = s.geometry;
  if (g.groups != 1 || g.dilation[0] != 1 || g.dilation[1] != 1) return {};
  std::optional<BlockPair> best;
  double least =
      static_cast<double>(s.taps()) / static_cast<double>(g.stride[0] * g.stride[1]) * cost_of<T>(s.channels);
  for (const std::int64_t rows : {1, 2, 4}) {
    for (const std::int64_t columns : {1, 2, 4}) {
      const BlockPair blocks{{s, 0, rows}, {s, 1, columns}};
      const auto& [vertical, horizontal] = blocks;
      const std::int64_t most = 2 * tile_shape<T>().columns;
      if (std::max({vertical.pixels, horizontal.pixels, s.channels}) > most) continue;
      const std::int64_t outputs = vertical.pixels * horizontal.pixels * s.channels;
      if (outputs == s.channels || outputs > most) continue;
      if (vertical.last < 0 || horizontal.last < 0) continue;
      const double costs = static_cast<double>(vertical.taps * horizontal.taps) * cost_of<T>(outputs) /
                           static_cast<double>(vertical.pixels * horizontal.pixels);
      if (costs < 0.8 * least) best.emplace(blocks), least = costs;
    }
  }
  return best;
}

}  // namespace

template <class T>
bool backward_input_by_blocks(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                              Tensor& dx) {
  const std::optional<BlockPair> best = best_blocks<T>(s);
  if (!best) return false;
  const Blocks &vertical = best->vertical, &horizontal = best->horizontal;
  const ConvSizes merged = merged_sizes(s, vertical, horizontal);
  const auto pack = [&] { return merged_panels(s, merged, vertical, horizontal, weight.weight().template data<T>()); };
  const Tensor panels = weight.as(
      "backward panels of blocks", pack, nullptr,
      {vertical.stride, horizontal.stride, vertical.pixels, horizontal.pixels, vertical.padding, horizontal.padding});
  std::vector<T> shifts;
  for (std::int64_t i = 0; shift.defined() && i < vertical.pixels * horizontal.pixels; ++i) {
    shifts.insert(shifts.end(), shift.data<T>(), shift.data<T>() + s.channels);
  }
  Tensor blocks = allocate({merged.images * merged.output_elements()}, dy.dtype());
  multiply_patches<T>(merged, dy.data<T>(), std::as_const(panels).template data<T>(),
                      {.shift = shift.defined() ? shifts.data() : nullptr}, blocks.data<T>());
  spread(s, vertical, horizontal, std::as_const(blocks).template data<T>(), dx.data<T>());
  return true;
}

template bool backward_input_by_blocks<float>(const ConvSizes&, const Tensor&, const PackedWeight&, const Tensor&,
                                              Tensor&);
template bool backward_input_by_blocks<double>(const ConvSizes&, const Tensor&, const PackedWeight&, const Tensor&,
                                               Tensor&);

}  // namespace ebb::kernels
