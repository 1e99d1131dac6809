#include "ebb/kernels/im2col/merged_phases.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/patch_factor.h"

namespace ebb::kernels {
namespace {

/// Along one dimension: input pixel stride q + a is reached from output q - j by tap stride j + a + padding, for j from
/// `last` - taps + 1 up to `last`; a kernel may lack some of these.
struct MergedTaps {
  MergedTaps(const ConvSizes& s, std::size_t dim)
      : stride(s.geometry.stride[dim]),
        padding(s.geometry.padding[dim]),
        kernel(dim == 0 ? s.kernel_height : s.kernel_width),
        blocks(parts(dim == 0 ? s.height : s.width, stride)) {
    const std::int64_t farthest = kernel - 1 - padding;
    last = farthest >= 0 ? farthest / stride : -parts(-farthest, stride);
    taps = last + (stride - 1 + padding) / stride + 1;
  }

  /// The kernel's tap that phase a has in place of tap u of the merged kernel; -1 where it has none.
  std::int64_t tap(std::int64_t u, std::int64_t a) const {
    const std::int64_t tap = stride * (last - u) + a + padding;
    return tap >= 0 && tap < kernel ? tap : -1;
  }

  std::int64_t stride, padding, kernel;
  std::int64_t blocks;  // of `stride` input pixels
  std::int64_t last, taps;
};

/// What multiplying by so many columns costs, in panels: a narrow one has too few sums to hide what each waits for.
template <class T>
double cost_of(std::int64_t columns) {
  const std::int64_t panel = tile_shape<T>().columns, left = columns % panel;
  const double narrow = left == 0 ? 0 : 2 * left <= panel ? 0.8 : 1;
  return static_cast<double>(columns / panel) + narrow;
}

/// The convolution over dy, whose outputs are (a, b, c): the row and the column within a block, and the channel.
ConvSizes merged_sizes(const ConvSizes& s, const MergedTaps& vertical, const MergedTaps& horizontal) {
  ConvSizes merged = s;
  merged.channels = s.out_channels;
  merged.out_channels = vertical.stride * horizontal.stride * s.channels;
  merged.height = s.out_height;
  merged.width = s.out_width;
  merged.out_height = vertical.blocks;
  merged.out_width = horizontal.blocks;
  merged.kernel_height = vertical.taps;
  merged.kernel_width = horizontal.taps;
  merged.geometry = {{1, 1}, {vertical.last, horizontal.last}, {1, 1}, 1};
  return merged;
}

/// Its weight, (a b c, o, u, v), as panels.
template <class T>
Tensor merged_panels(const ConvSizes& s, const ConvSizes& merged, const MergedTaps& vertical,
                     const MergedTaps& horizontal, const T* weight) {
  std::vector<T> whole(static_cast<std::size_t>(merged.out_channels * merged.patch()));
  T* to = whole.data();
  for (std::int64_t output = 0; output < merged.out_channels; ++output) {
    const std::int64_t c = output % s.channels, b = output / s.channels % horizontal.stride,
                       a = output / s.channels / horizontal.stride;
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
void spread(const ConvSizes& s, const MergedTaps& vertical, const MergedTaps& horizontal, const T* blocks, T* dx) {
  const std::int64_t part = horizontal.stride * s.channels, of_block = vertical.stride * part,
                     row = s.width * s.channels;
  parallel_for(s.images * s.height, parts(1 << 14, row), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t image = i / s.height, h = i % s.height;
      const T* from = blocks + (image * vertical.blocks + h / vertical.stride) * horizontal.blocks * of_block +
                      h % vertical.stride * part;
      T* to = dx + i * row;
      for (std::int64_t done = 0; done < row; done += part, from += of_block) {
        std::copy_n(from, std::min(part, row - done), to + done);
      }
    }
  });
}

}  // namespace

template <class T>
bool merges_phases(const ConvSizes& s) {
  const auto& g = s.geometry;
  const std::int64_t phases = g.stride[0] * g.stride[1];
  if (g.groups != 1 || phases == 1 || g.dilation[0] != 1 || g.dilation[1] != 1) return false;
  if (phases > 64 || s.channels * 2 > tile_shape<T>().columns) return false;
  const MergedTaps vertical(s, 0), horizontal(s, 1);
  if (vertical.last < 0 || horizontal.last < 0) return false;  // most of what it would make no output reaches
  return static_cast<double>(vertical.taps * horizontal.taps) * cost_of<T>(phases * s.channels) <
         static_cast<double>(s.taps()) * cost_of<T>(s.channels);
}

template <class T>
void merged_backward_input(const ConvSizes& s, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           Tensor& dx) {
  const MergedTaps vertical(s, 0), horizontal(s, 1);
  const ConvSizes merged = merged_sizes(s, vertical, horizontal);
  const auto& g = s.geometry;
  const auto pack = [&] { return merged_panels(s, merged, vertical, horizontal, weight.weight().template data<T>()); };
  const Tensor panels =
      weight.as("merged backward panels", pack, nullptr, {g.stride[0], g.stride[1], g.padding[0], g.padding[1]});
  std::vector<T> shifts;
  for (std::int64_t i = 0; shift.defined() && i < vertical.stride * horizontal.stride; ++i) {
    shifts.insert(shifts.end(), shift.data<T>(), shift.data<T>() + s.channels);
  }
  Tensor blocks = allocate({merged.images * merged.output_elements()}, dy.dtype());
  const PatchFactor patches(merged, dy.data<T>(), [](const BlockPlace& p) {
    return PatchRange{p.product, p.first_row, p.rows, p.first_k, p.k};
  });
  multiply_blocks<T>({.count = 1,
                      .m = merged.images * merged.pixels(),
                      .n = merged.out_channels,
                      .k = merged.patch(),
                      .panels = std::as_const(panels).template data<T>(),
                      .panels_stride = 0,
                      .c = blocks.data<T>(),
                      .c_row = merged.out_channels,
                      .c_stride = 0,
                      .epilogue = {.shift = shift.defined() ? shifts.data() : nullptr}},
                     patches.rows());
  spread(s, vertical, horizontal, std::as_const(blocks).template data<T>(), dx.data<T>());
}

template bool merges_phases<float>(const ConvSizes&);
template bool merges_phases<double>(const ConvSizes&);
template void merged_backward_input<float>(const ConvSizes&, const Tensor&, const PackedWeight&, const Tensor&,
                                           Tensor&);
template void merged_backward_input<double>(const ConvSizes&, const Tensor&, const PackedWeight&, const Tensor&,
                                            Tensor&);

}  // namespace ebb::kernels
