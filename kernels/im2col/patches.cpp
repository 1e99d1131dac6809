#include "ebb/kernels/im2col/patches.h"

#include <algorithm>

namespace ebb::kernels {
namespace {

/// Taps of one kernel row, whose elements are adjacent in a patch and in the image: the whole row, or one tap where
/// groups or dilation part them.
struct Stretch {
  explicit Stretch(const ConvSizes& s)
      : is_row(s.geometry.groups == 1 && s.geometry.dilation[1] == 1),
        taps(is_row ? s.kernel_width : 1),
        columns(taps * s.group_channels()),
        per_row(is_row ? 1 : s.kernel_width) {}

  bool is_row;
  std::int64_t taps, columns;
  std::int64_t per_row;  // stretches of a kernel row
};

/// Where a patch begins: maybe outside of its image.
struct Corner {
  std::int64_t image, top, left;
};

template <class T>
T* zeros(T* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = T(0);
  return to + std::max<std::int64_t>(count, 0);
}

/// Columns `begin` to `end` of stretch `index` of a patch.
template <class T>
T* gather_stretch(const ConvSizes& s, const T* x, std::int64_t group, const Stretch& stretch, const Corner& corner,
                  std::int64_t index, std::int64_t begin, std::int64_t end, T* to) {
  const std::int64_t channels = s.group_channels();
  const std::int64_t row = corner.top + index / stretch.per_row * s.geometry.dilation[0];
  const std::int64_t left = corner.left + index % stretch.per_row * s.geometry.dilation[1];
  if (row < 0 || row >= s.height) return zeros(to, end - begin);
  const std::int64_t first = std::clamp(-left * channels, begin, end);
  const std::int64_t last = std::clamp((s.width - left) * channels, first, end);
  const std::int64_t from = ((corner.image * s.height + row) * s.width + left) * s.channels + group * channels;
  to = zeros(to, first - begin);
  for (std::int64_t i = first; i < last; ++i) *to++ = x[from + i];
  return zeros(to, end - last);
}

}  // namespace

template <class T>
void gather_patches(const ConvSizes& s, const T* x, const PatchRange& range, T* to) {
  if (range.columns == 0) return;
  const Stretch stretch(s);
  const std::int64_t last_column = range.first_column + range.columns;
  const std::int64_t first = range.first_column / stretch.columns, last = (last_column - 1) / stretch.columns;
  for (std::int64_t row = range.first_row; row < range.first_row + range.rows; ++row) {
    const std::int64_t pixel = row % s.pixels();
    const Corner corner{row / s.pixels(), pixel / s.out_width * s.geometry.stride[0] - s.geometry.padding[0],
                        pixel % s.out_width * s.geometry.stride[1] - s.geometry.padding[1]};
    for (std::int64_t i = first; i <= last; ++i) {
      const std::int64_t begin = std::max(range.first_column - i * stretch.columns, std::int64_t{0});
      const std::int64_t end = std::min(last_column - i * stretch.columns, stretch.columns);
      to = gather_stretch(s, x, range.group, stretch, corner, i, begin, end, to);
    }
  }
}

template void gather_patches(const ConvSizes&, const float*, const PatchRange&, float*);
template void gather_patches(const ConvSizes&, const double*, const PatchRange&, double*);

}  // namespace ebb::kernels
