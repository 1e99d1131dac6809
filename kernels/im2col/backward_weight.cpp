#include <algorithm>
#include <bit>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/conv/weight_matrix.h"
#include "ebb/kernels/cpu/caches.h"
#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/im2col.h"
#include "ebb/kernels/im2col/narrow_groups.h"
#include "ebb/kernels/im2col/patch_factor.h"

namespace ebb::kernels {
namespace {

/// Columns of a matrix, from `begin` up to but without `end`.
struct Columns {
  std::int64_t begin, end;

  std::int64_t count() const { return end - begin; }
};

/// Should the matrix be (o, c), which is a pointwise weight's own order? Its columns become panels, in which pixels are
/// put faster than in tiles; but what they cost may be less than to bring the matrix in order.
bool is_better_turned(const ConvSizes& s) {
  const std::int64_t channels = s.group_channels(), outputs = s.group_outputs(), pixels = s.images * s.pixels();
  return s.is_pointwise() && pixels * (outputs - channels) < channels * outputs;
}

/// Of a group, as the matrix (kh kw c, o), or turned.
template <class T>
struct WeightGradient {
  WeightGradient(const ConvSizes& sizes, const T* x, const T* dy)
      : s(sizes),
        x(x),
        dy(dy),
        is_turned(is_better_turned(s)),
        rows(is_turned ? s.group_outputs() : s.patch()),
        columns(is_turned ? s.group_channels() : s.group_outputs()) {
    const PatchLines<T> lines(s, this->x);
    if (!s.is_pointwise() && lines.is_fast_by_columns()) at_once = lines.stretch();
  }

  const ConvSizes& s;
  const T* x;
  const T* dy;
  bool is_turned;
  std::int64_t rows, columns;
  std::int64_t at_once = 1;  // pixels, which no cut may part
  bool on_threads = true;

  /// Some columns of the matrix of group `group`, as the output pixels `first` .. + pixels have them, or with that
  /// added.
  void find(std::int64_t group, std::int64_t first, std::int64_t pixels, Columns of, bool accumulate, T* panels,
            T* matrix) const {
    const T* inputs = x + first * s.channels + group * s.group_channels();
    const T* gradients = dy + first * s.out_channels + group * s.group_outputs();
    pack_on_threads(is_turned ? panel_source(inputs + of.begin, s.channels, 1, pixels, of.count())
                              : panel_source(gradients + of.begin, s.out_channels, 1, pixels, of.count()),
                    panels);
    const PatchFactor patches(s, x, [=](const BlockPlace& p) {
      return PatchRange{group, first + p.first_k, p.k, p.first_row, p.rows};
    });
    const StridedRows<T> whole =
        is_turned ? StridedRows<T>{gradients, 1, s.out_channels, 0} : StridedRows<T>{inputs, 1, s.channels, 0};
    multiply_blocks<T>({.count = 1,
                        .m = rows,
                        .n = of.count(),
                        .k = pixels,
                        .panels = panels,
                        .panels_stride = 0,
                        .c = matrix + of.begin,
                        .c_row = columns,
                        .c_stride = 0,
                        .accumulate = accumulate,
                        .on_threads = on_threads},
                       s.is_pointwise() ? whole.rows() : patches.columns());
  }

  /// What the pixels `begin` to `end` say, some of them at a time, so that their panels stay in the cache.
  void sum(std::int64_t group, std::int64_t begin, std::int64_t end, Columns of, T* matrix) const {
    constexpr std::int64_t most_elements = 1 << 17, least_pixels = 256;
    const std::int64_t in_cache =
        std::min<std::int64_t>(caches().l2 / 2 / static_cast<std::int64_t>(sizeof(T)), most_elements);
    const std::int64_t most = std::max(in_cache / columns, least_pixels);
    const std::int64_t together = std::min(parts(most, at_once) * at_once, end - begin);
    T* panels = scratch<T>(Scratch::panels, packed_elements<T>(together, of.count()));
    if (begin == end) {
      for (std::int64_t i = 0; i < rows; ++i) std::fill_n(matrix + i * columns + of.begin, of.count(), T(0));
    }
    for (std::int64_t first = begin; first < end; first += together) {
      find(group, first, std::min(together, end - first), of, first > begin, panels, matrix);
    }
  }
};

/// Into how many parts the columns are cut where there are fewer shares than threads: each part packs the other factor
/// anew. It shows nowhere in the sums.
template <class T>
std::int64_t column_parts(std::int64_t columns, std::int64_t shares) {
  constexpr std::int64_t least_panels = 4;
  const std::int64_t most = columns / (least_panels * tile_shape<T>().columns);
  return shares == 1 ? 1 : std::clamp<std::int64_t>(parts(num_threads(), shares), 1, std::max<std::int64_t>(most, 1));
}

/// As if a kernel of one pixel took every pixel, of images that have no others.
ConvSizes without_strides(const ConvSizes& sizes) {
  ConvSizes s = sizes;
  s.height = s.out_height;
  s.width = s.out_width;
  s.geometry = {{1, 1}, {0, 0}, {1, 1}, s.geometry.groups};
  return s;
}

/// The pixels (N, H', W', C) that a kernel of one pixel sees.
template <class T>
Tensor seen_pixels(const ConvSizes& s, const T* x) {
  constexpr std::int64_t elements_per_task = 1 << 16;
  Tensor seen = allocate({s.images, s.out_height, s.out_width, s.channels}, dtype_of<T>);
  T* const to = seen.data<T>();
  parallel_for(s.images * s.pixels(), parts(elements_per_task, s.channels), [&](std::int64_t begin, std::int64_t end) {
    gather_patches(s, x, {0, begin, end - begin, 0, s.channels}, to + begin * s.channels);
  });
  return seen;
}

template <class T>
void backward_weight(const ConvSizes& sizes, const T* x, const T* dy, Tensor& dweight) {
  if (dweight.numel() == 0) return;
  const ConvSizes dense = without_strides(sizes);
  if (sizes.taps() == 1 && sizes.geometry.groups == 1 && !sizes.is_pointwise() && is_better_turned(dense)) {
    const Tensor seen = seen_pixels(sizes, x);
    return backward_weight<T>(dense, seen.data<T>(), dy, dweight);
  }
  const ConvSizes s = with_wide_groups(sizes);
  const bool is_merged = s.geometry.groups != sizes.geometry.groups;
  Tensor whole = is_merged
                     ? allocate({s.out_channels, s.group_channels(), s.kernel_height, s.kernel_width}, dweight.dtype())
                     : dweight;
  constexpr std::int64_t most_elements = 1 << 22, most_shares = 8, least_pixels = 512;
  constexpr std::int64_t cheap_elements = 1 << 18, most_cheap_shares = 32;  // their sums are added in no time
  WeightGradient<T> gradient(s, x, dy);
  const std::int64_t elements = s.patch() * s.group_outputs(), pixels = s.images * s.pixels();
  const std::int64_t cuts = pixels / gradient.at_once;
  // Shares of the pixels have sums of their own, where they fit: each pixel is read once, and by one thread. How many
  // there are depends on sizes alone, and a power of two is what most numbers of threads share evenly.
  const std::int64_t fitting = std::max(std::clamp<std::int64_t>(most_elements / elements, 1, most_shares),
                                        std::min(cheap_elements / elements, most_cheap_shares));
  const std::int64_t wanted = std::max<std::int64_t>(std::min(pixels / least_pixels, cuts), 1);
  const auto shares = static_cast<std::int64_t>(
      std::min(std::bit_floor(static_cast<std::uint64_t>(fitting)), std::bit_ceil(static_cast<std::uint64_t>(wanted))));
  gradient.on_threads = shares == 1;
  T* matrices = scratch<T>(Scratch::shares, shares * elements);
  const Split columns(gradient.columns, tile_shape<T>().columns, column_parts<T>(gradient.columns, shares));
  for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
    parallel_for(shares * columns.parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t share = i / columns.parts, part = i % columns.parts;
        gradient.sum(g, cuts * share / shares * gradient.at_once, cuts * (share + 1) / shares * gradient.at_once,
                     {columns.begin(part), columns.begin(part + 1)}, matrices + share * elements);
      }
    });
    add_shares(shares, elements, matrices, gradient.is_turned ? whole.data<T>() + g * elements : matrices);
    if (!gradient.is_turned) weight_from_matrix(s, g, matrices, whole.data<T>());
  }
  if (!is_merged) return;
  part_weight<T>(sizes, s, whole, dweight);
}

}  // namespace

void im2col_backward_weight(const ConvSizes& sizes, const Tensor& x, const Tensor& dy, Tensor& dweight) {
  visit_float(x.dtype(), [&]<class T>() { backward_weight<T>(sizes, x.data<T>(), dy.data<T>(), dweight); });
}

}  // namespace ebb::kernels
