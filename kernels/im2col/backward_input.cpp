#include <algorithm>
#include <utility>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/im2col.h"
#include "ebb/kernels/im2col/narrow_groups.h"
#include "ebb/kernels/im2col/patch_factor.h"
#include "ebb/kernels/im2col/phases.h"
#include "ebb/kernels/im2col/pixel_blocks.h"

namespace ebb::kernels {
namespace {

/// The pixels of two phases that no tap reaches.
template <class T>
void fill_pixels(const ConvSizes& s, const Phase& vertical, const Phase& horizontal, const T* shift, T* dx) {
  const auto& stride = s.geometry.stride;
  for (std::int64_t line = 0; line < s.images * vertical.count; ++line) {
    const std::int64_t row = line / vertical.count * s.height + vertical.first + line % vertical.count * stride[0];
    for (std::int64_t i = 0; i < horizontal.count; ++i) {
      T* const pixel = dx + (row * s.width + horizontal.first + i * stride[1]) * s.channels;
      if (shift != nullptr) {
        std::copy_n(shift, s.channels, pixel);
      } else {
        std::fill_n(pixel, s.channels, T(0));
      }
    }
  }
}

/// What the panels depend on beside the weight.
Dims key_of(const ConvGeometry& g) {
  return {g.groups, g.stride[0], g.stride[1], g.padding[0], g.padding[1], g.dilation[0], g.dilation[1]};
}

/// Panels of the (taps o, c) matrices of each group, of the taps that each pair of phases has.
template <class T>
Tensor backward_panels(const ConvSizes& narrow, const ConvSizes& s, const std::vector<PhasePair>& pairs,
                       const PackedWeight& weight) {
  const auto pack = [&] {
    const Tensor whole = merged_weight<T>(narrow, s, weight.weight());
    const PhasePair& end = pairs.back();
    Tensor panels = allocate({end.begin + end.per_group * s.geometry.groups}, weight.weight().dtype());
    for (const auto& [vertical, horizontal, begin, per_group] : pairs) {
      if (per_group == 0) continue;
      for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
        const std::int64_t last = vertical.last_tap * s.kernel_width + horizontal.last_tap;
        pack_on_threads<T>({whole.data<T>() + g * s.group_outputs() * s.patch() + last,
                            {vertical.taps, horizontal.taps, s.group_outputs()},
                            {-vertical.tap_step * s.kernel_width, -horizontal.tap_step, s.patch()},
                            s.taps(),
                            s.group_channels()},
                           panels.data<T>() + begin + g * per_group);
      }
    }
    return panels;
  };
  return weight.as("backward panels", pack, nullptr, key_of(narrow.geometry));
}

/// How many phases of a line are one product: all, where each output makes as many neighbouring pixels and no others
/// see them, as in up-sampling by 2 x 2. Their channels lie side by side then, and so do their panels.
template <class T>
std::int64_t phases_together(const ConvSizes& s) {
  const auto& g = s.geometry;
  const bool are_disjoint = s.kernel_width == g.stride[1] && g.padding[1] == 0 && s.width == s.out_width * g.stride[1];
  return are_disjoint && g.groups == 1 && s.channels % tile_shape<T>().columns == 0 ? g.stride[1] : 1;
}

/// The input pixels of two phases, or of `phases` horizontal ones from this one on, of one group; of each the channels
/// have a shift, which may be null.
template <class T>
void backward_phase(const ConvSizes& s, const Phase& vertical, const Phase& horizontal, std::int64_t phases,
                    std::int64_t group, const T* dy, const T* panels, const T* shift, T* dx) {
  const ConvSizes back = sizes_of(s, vertical, horizontal);
  const auto& stride = s.geometry.stride;
  // With whole strides in a column of pixels, the lines of an image go on in the next one.
  const std::int64_t together = s.height % stride[0] == 0 ? s.images : 1, rows = together * back.pixels();
  const bool dense = stride[0] == 1 && stride[1] == 1;
  const PatchFactor patches(back, dy, [=](const BlockPlace& p) {
    return PatchRange{group, p.product * rows + p.first_row, p.rows, p.first_k, p.k};
  });
  const StridedRows<T> pixels{dy + group * s.group_outputs(), s.out_channels, 1, rows * s.out_channels};
  multiply_blocks<T>({.count = s.images / together,
                      .m = rows,
                      .n = phases * s.group_channels(),
                      .k = back.patch(),
                      .panels = panels,
                      .panels_stride = 0,
                      .c = dx + (vertical.first * s.width + horizontal.first) * s.channels + group * s.group_channels(),
                      .c_row = stride[1] * s.channels,
                      .c_stride = s.image_elements(),
                      .run = dense ? 0 : back.out_width,
                      .run_stride = stride[0] * s.width * s.channels,
                      .epilogue = TileEpilogue<T>{.shift = shift}.from(0, group * s.group_channels())},
                     back.is_pointwise() ? pixels.rows() : patches.rows());
}

template <class T>
void backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                    Tensor& dx) {
  if (dx.numel() == 0) return;
  if (backward_input_by_blocks<T>(sizes, dy, weight, shift, dx)) return;
  const ConvSizes s = with_wide_groups(sizes);
  const std::vector<PhasePair> pairs = phases_of<T>(s);
  const Tensor panels = backward_panels<T>(sizes, s, pairs, weight);
  const T* from = std::as_const(panels).data<T>();
  const std::int64_t together = phases_together<T>(s);
  std::vector<T> shifts;
  for (std::int64_t i = 0; shift.defined() && i < together; ++i) {
    shifts.insert(shifts.end(), shift.data<T>(), shift.data<T>() + s.channels);
  }
  const T* const added = shift.defined() ? shifts.data() : nullptr;
  for (std::size_t i = 0; i < pairs.size();) {
    const auto& [vertical, horizontal, begin, per_group] = pairs[i];
    if (per_group == 0) {
      fill_pixels(s, vertical, horizontal, added, dx.data<T>());
      ++i;
      continue;
    }
    for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
      backward_phase(s, vertical, horizontal, together, g, dy.data<T>(), from + begin + g * per_group, added,
                     dx.data<T>());
    }
    i += static_cast<std::size_t>(together);
  }
}

}  // namespace

void im2col_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() { backward_input<T>(sizes, dy, weight, shift, dx); });
}

}  // namespace ebb::kernels
