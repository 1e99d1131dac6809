// Convolution as a product of matrices: the patches that the kernel sees become rows (im2col), a block at a time so
// that they stay in the cache, and are multiplied with the weight.
#include "ebb/kernels/conv/im2col.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/conv/patches.h"
#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"

namespace ebb::kernels {
namespace {

/// The same convolution with fewer groups, some made one: their weight has zeros between them, which cost less than
/// columns of a panel that stay empty.
ConvSizes with_wide_groups(const ConvSizes& s) {
  const std::int64_t wide = tile_shape<float>().columns;
  ConvSizes merged = s;
  std::int64_t& groups = merged.geometry.groups;
  for (std::int64_t factor : {2, 3, 5, 7}) {
    while (groups % factor == 0 && merged.group_outputs() * factor <= wide &&
           merged.group_channels() * factor <= wide) {
      groups /= factor;
    }
  }
  return merged;
}

/// Calls `body(element of the weight of s, the same one's in that of merged, taps)` for each kernel of one channel.
template <class Body>
void for_each_kernel(const ConvSizes& s, const ConvSizes& merged, Body&& body) {
  for (std::int64_t o = 0; o < s.out_channels; ++o) {
    const std::int64_t group = o / s.group_outputs() % (s.geometry.groups / merged.geometry.groups);
    for (std::int64_t c = 0; c < s.group_channels(); ++c) {
      body((o * s.group_channels() + c) * s.taps(),
           (o * merged.group_channels() + group * s.group_channels() + c) * s.taps());
    }
  }
}

template <class T>
Tensor merged_weight(const ConvSizes& s, const ConvSizes& merged, const Tensor& weight) {
  if (s.geometry.groups == merged.geometry.groups) return weight;
  Tensor wide = allocate({s.out_channels, merged.group_channels(), s.kernel_height, s.kernel_width}, weight.dtype());
  T* to = wide.data<T>();
  std::fill_n(to, wide.numel(), T(0));
  for_each_kernel(s, merged,
                  [&](std::int64_t from, std::int64_t at) { std::copy_n(weight.data<T>() + from, s.taps(), to + at); });
  return wide;
}

/// Panels of the (kh kw c, o) matrix of each group, one group after the other.
template <class T>
Tensor forward_panels(const ConvSizes& narrow, const ConvSizes& s, const PackedWeight& weight) {
  const auto pack = [&] {
    const Tensor whole = merged_weight<T>(narrow, s, weight.weight());
    const std::int64_t per_group = packed_elements<T>(s.patch(), s.group_outputs());
    Tensor panels = allocate({s.geometry.groups * per_group}, weight.weight().dtype());
    for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
      const T* from = whole.data<T>() + g * s.group_outputs() * s.patch();
      pack_on_threads<T>({from, {1, s.taps(), s.group_channels()}, {0, 1, s.taps()}, s.patch(), s.group_outputs()},
                         panels.data<T>() + g * per_group);
    }
    return panels;
  };
  return weight.as("panels", pack, nullptr, {narrow.geometry.groups});
}

template <class T>
void forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue, Tensor& y) {
  const ConvSizes s = with_wide_groups(sizes);
  const Tensor panels = forward_panels<T>(sizes, s, weight);
  const std::int64_t outputs = s.group_outputs();
  const BlockedProduct<T> product{.count = s.geometry.groups,
                                  .m = s.images * s.pixels(),
                                  .n = outputs,
                                  .k = s.patch(),
                                  .panels = panels.data<T>(),
                                  .panels_stride = packed_elements<T>(s.patch(), outputs),
                                  .c = y.data<T>(),
                                  .c_row = s.out_channels,
                                  .c_stride = outputs,
                                  .epilogue = elements_of<T>(epilogue),
                                  .epilogue_stride = outputs};
  const T* image = x.data<T>();
  if (s.is_pointwise()) {
    const StridedRows<T> pixels{image, s.channels, 1, s.group_channels()};
    return multiply_blocks(product, pixels.rows());
  }
  const auto gather = [&](const BlockPlace& place, T* patches) {
    gather_patches(s, image, {place.product, place.first_row, place.rows, place.first_k, place.k}, patches);
    return Block<T>{patches, place.k, 1};
  };
  multiply_blocks(product, gathered_rows<T>(gather));
}

/// Along one dimension, the input pixels `first`, `first` + stride ...: the kernel's taps that reach them are tap
/// `last_tap` and those `tap_step` before it, which see outputs side by side (or `dilation` apart).
struct Phase {
  std::int64_t first, count;              // input pixels
  std::int64_t last_tap, tap_step, taps;  // taps is 0 where none reaches them
  std::int64_t padding, dilation;         // of the convolution over dy that makes them
};

Phase phase_of(const ConvSizes& s, std::size_t dim, std::int64_t first) {
  const auto& g = s.geometry;
  const std::int64_t stride = g.stride[dim], dilation = g.dilation[dim], size = dim == 0 ? s.height : s.width;
  const std::int64_t kernel = dim == 0 ? s.kernel_height : s.kernel_width, common = std::gcd(stride, dilation);
  Phase phase{first, (size - first + stride - 1) / stride, 0, stride / common, 0, 0, dilation / common};
  std::int64_t tap = 0;
  const auto is_hit = [&](std::int64_t t) { return (first + g.padding[dim] - t * dilation) % stride == 0; };
  while (tap < std::min(kernel, phase.tap_step) && !is_hit(tap)) ++tap;
  if (tap >= std::min(kernel, phase.tap_step)) return phase;
  phase.taps = (kernel - tap + phase.tap_step - 1) / phase.tap_step;
  phase.last_tap = tap + (phase.taps - 1) * phase.tap_step;
  phase.padding =
      -(first + g.padding[dim] - phase.last_tap * dilation) / stride;  // of the tap that sees the least output
  return phase;
}

/// The convolution over dy that makes the input pixels of two phases.
ConvSizes sizes_of(const ConvSizes& s, const Phase& vertical, const Phase& horizontal) {
  ConvSizes back = s;
  std::swap(back.channels, back.out_channels);
  back.height = s.out_height;
  back.width = s.out_width;
  back.out_height = vertical.count;
  back.out_width = horizontal.count;
  back.kernel_height = vertical.taps;
  back.kernel_width = horizontal.taps;
  back.geometry = {
      {1, 1}, {vertical.padding, horizontal.padding}, {vertical.dilation, horizontal.dilation}, s.geometry.groups};
  return back;
}

template <class T>
void clear_pixels(const ConvSizes& s, const Phase& vertical, const Phase& horizontal, T* dx) {
  const auto& stride = s.geometry.stride;
  for (std::int64_t line = 0; line < s.images * vertical.count; ++line) {
    const std::int64_t row = line / vertical.count * s.height + vertical.first + line % vertical.count * stride[0];
    for (std::int64_t i = 0; i < horizontal.count; ++i) {
      std::fill_n(dx + (row * s.width + horizontal.first + i * stride[1]) * s.channels, s.channels, T(0));
    }
  }
}

/// A phase of the rows and one of the columns, and where their panels begin; of no elements where no tap reaches them.
struct PhasePair {
  Phase vertical, horizontal;
  std::int64_t begin, per_group;  // elements
};

template <class T>
std::vector<PhasePair> phases_of(const ConvSizes& s) {
  std::vector<PhasePair> pairs;
  std::int64_t begin = 0;
  for (std::int64_t v = 0; v < std::min(s.geometry.stride[0], s.height); ++v) {
    for (std::int64_t h = 0; h < std::min(s.geometry.stride[1], s.width); ++h) {
      const Phase vertical = phase_of(s, 0, v), horizontal = phase_of(s, 1, h);
      const std::int64_t k = vertical.taps * horizontal.taps * s.group_outputs();
      const std::int64_t per_group = packed_elements<T>(k, s.group_channels());
      pairs.push_back({vertical, horizontal, begin, per_group});
      begin += per_group * s.geometry.groups;
    }
  }
  return pairs;
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

/// The input pixels of two phases, of one group.
template <class T>
void backward_phase(const ConvSizes& s, const Phase& vertical, const Phase& horizontal, std::int64_t group, const T* dy,
                    const T* panels, T* dx) {
  const ConvSizes back = sizes_of(s, vertical, horizontal);
  const auto& stride = s.geometry.stride;
  // With whole strides in a column of pixels, the lines of an image go on in the next one.
  const std::int64_t together = s.height % stride[0] == 0 ? s.images : 1, rows = together * back.pixels();
  const bool dense = stride[0] == 1 && stride[1] == 1;
  const auto gather = [&](const BlockPlace& place, T* patches) {
    gather_patches(back, dy, {group, place.product * rows + place.first_row, place.rows, place.first_k, place.k},
                   patches);
    return Block<T>{patches, place.k, 1};
  };
  const StridedRows<T> pixels{dy + group * s.group_outputs(), s.out_channels, 1, rows * s.out_channels};
  multiply_blocks<T>({.count = s.images / together,
                      .m = rows,
                      .n = s.group_channels(),
                      .k = back.patch(),
                      .panels = panels,
                      .panels_stride = 0,
                      .c = dx + (vertical.first * s.width + horizontal.first) * s.channels + group * s.group_channels(),
                      .c_row = stride[1] * s.channels,
                      .c_stride = s.image_elements(),
                      .run = dense ? 0 : back.out_width,
                      .run_stride = stride[0] * s.width * s.channels},
                     back.is_pointwise() && back.pixels() == s.pixels() ? pixels.rows() : gathered_rows<T>(gather));
}

template <class T>
void backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, Tensor& dx) {
  if (dx.numel() == 0) return;
  const ConvSizes s = with_wide_groups(sizes);
  const std::vector<PhasePair> pairs = phases_of<T>(s);
  const Tensor panels = backward_panels<T>(sizes, s, pairs, weight);
  const T* from = std::as_const(panels).data<T>();
  for (const auto& [vertical, horizontal, begin, per_group] : pairs) {
    if (per_group == 0) {
      clear_pixels(s, vertical, horizontal, dx.data<T>());
      continue;
    }
    for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
      backward_phase(s, vertical, horizontal, g, dy.data<T>(), from + begin + g * per_group, dx.data<T>());
    }
  }
}

/// Adds what the output pixels `first` .. + pixels say of group `group` to its matrix.
template <class T>
void add_weight_gradient(const ConvSizes& s, const T* x, const T* dy, std::int64_t group, std::int64_t first,
                         std::int64_t pixels, T* panels, T* matrix) {
  const std::int64_t outputs = s.group_outputs();
  pack_on_threads(panel_source(dy + first * s.out_channels + group * outputs, s.out_channels, 1, pixels, outputs),
                  panels);
  const auto gather = [&](const BlockPlace& place, T* patches) {
    gather_patches(s, x, {group, first + place.first_k, place.k, place.first_row, place.rows}, patches);
    return Block<T>{patches, 1, place.rows};
  };
  const StridedRows<T> whole{x + first * s.channels + group * s.group_channels(), 1, s.channels, 0};
  multiply_blocks<T>({.count = 1,
                      .m = s.patch(),
                      .n = outputs,
                      .k = pixels,
                      .panels = panels,
                      .panels_stride = 0,
                      .c = matrix,
                      .c_row = outputs,
                      .c_stride = 0,
                      .accumulate = true},
                     s.is_pointwise() ? whole.rows() : gathered_rows<T>(gather));
}

/// Of one group, what the pixels `begin` to `end` say; some of them at a time, so that their panels stay in the cache.
template <class T>
void sum_weight_gradient(const ConvSizes& s, const Tensor& x, const Tensor& dy, std::int64_t group, std::int64_t begin,
                         std::int64_t end, T* matrix) {
  constexpr std::int64_t packed_at_once = 1 << 17;
  const std::int64_t outputs = s.group_outputs();
  const std::int64_t at_once = std::min(std::max<std::int64_t>(packed_at_once / outputs, 1024), end - begin);
  T* panels = scratch<T>(Scratch::panels, packed_elements<T>(at_once, outputs));
  std::fill_n(matrix, s.patch() * outputs, T(0));
  for (std::int64_t first = begin; first < end; first += at_once) {
    add_weight_gradient(s, x.data<T>(), dy.data<T>(), group, first, std::min(at_once, end - first), panels, matrix);
  }
}

/// matrices[0] += the others, each of `elements`.
template <class T>
void add_up(std::int64_t shares, std::int64_t elements, T* matrices) {
  constexpr std::int64_t elements_per_task = 1 << 14;
  parallel_for(elements, elements_per_task, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t share = 1; share < shares; ++share) {
      const T* other = matrices + share * elements;
      for (std::int64_t i = begin; i < end; ++i) matrices[i] += other[i];
    }
  });
}

template <class T>
void backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  if (dweight.numel() == 0) return;
  const ConvSizes s = with_wide_groups(sizes);
  const bool is_merged = s.geometry.groups != sizes.geometry.groups;
  Tensor whole =
      is_merged ? allocate({s.out_channels, s.group_channels(), s.kernel_height, s.kernel_width}, x.dtype()) : dweight;
  constexpr std::int64_t most_elements = 1 << 22, most_shares = 8, least_pixels = 512;
  const std::int64_t elements = s.patch() * s.group_outputs(), pixels = s.images * s.pixels();
  // Shares of the pixels have sums of their own, where they fit: each pixel is read once, and by one thread. How many
  // there are depends on sizes alone.
  const std::int64_t shares =
      std::clamp<std::int64_t>(std::min(most_elements / elements, pixels / least_pixels), 1, most_shares);
  T* matrices = scratch<T>(Scratch::shares, shares * elements);
  for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
    parallel_for(shares, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        sum_weight_gradient(s, x, dy, g, pixels * i / shares, pixels * (i + 1) / shares, matrices + i * elements);
      }
    });
    add_up(shares, elements, matrices);
    weight_from_matrix(s, g, matrices, whole.data<T>());
  }
  if (!is_merged) return;
  for_each_kernel(sizes, s, [&](std::int64_t to, std::int64_t from) {
    std::copy_n(whole.data<T>() + from, s.taps(), dweight.data<T>() + to);
  });
}

}  // namespace

void im2col_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                    Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() { forward<T>(sizes, x, weight, epilogue, y); });
}

void im2col_backward_input(const ConvSizes& sizes, const Tensor& dy, const PackedWeight& weight, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() { backward_input<T>(sizes, dy, weight, dx); });
}

void im2col_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_float(x.dtype(), [&]<class T>() { backward_weight<T>(sizes, x, dy, dweight); });
}

}  // namespace ebb::kernels
