#include "ebb/kernels/conv/patches.h"

#include <algorithm>

namespace ebb::kernels {

namespace {

/// Calls `run(pixel of the image, taps)` for each stretch of kernel columns that lies in one row of the image, and
/// `skip(taps)` for those outside: together they cover a patch in order.
template <class Run, class Skip>
void walk_patch(const ConvSizes& s, std::int64_t pixel, Run&& run, Skip&& skip) {
  const auto& g = s.geometry;
  const std::int64_t top = pixel / s.out_width * g.stride[0] - g.padding[0];
  const std::int64_t left = pixel % s.out_width * g.stride[1] - g.padding[1];
  for (std::int64_t i = 0; i < s.kernel_height; ++i) {
    const std::int64_t row = top + i * g.dilation[0];
    if (row < 0 || row >= s.height) {
      skip(s.kernel_width);
      continue;
    }
    const std::int64_t d = g.dilation[1];
    const std::int64_t before = std::min(left < 0 ? (-left + d - 1) / d : 0, s.kernel_width);
    const std::int64_t end = left < s.width ? (s.width - left + d - 1) / d : 0;
    const std::int64_t inside = std::max<std::int64_t>(std::min(end, s.kernel_width) - before, 0);
    skip(before);
    if (inside > 0) run(row * s.width + left + before * d, inside);
    skip(s.kernel_width - before - inside);
  }
}

}  // namespace

template <class T>
void im2col(const ConvSizes& s, const T* image, std::int64_t group, std::int64_t first, std::int64_t last, T* columns) {
  const std::int64_t channels = s.group_channels(), step = s.geometry.dilation[1] * s.channels;
  const bool adjacent = step == channels;  // one group, no dilation: the taps of a row lie side by side
  image += group * channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    walk_patch(
        s, pixel,
        [&](std::int64_t from, std::int64_t taps) {
          const T* source = image + from * s.channels;
          if (adjacent) {
            columns = std::copy_n(source, taps * channels, columns);
            return;
          }
          for (std::int64_t i = 0; i < taps; ++i) columns = std::copy_n(source + i * step, channels, columns);
        },
        [&](std::int64_t taps) { columns = std::fill_n(columns, taps * channels, T(0)); });
  }
}

template <class T>
void col2im(const ConvSizes& s, const T* columns, std::int64_t group, std::int64_t first, std::int64_t last, T* image) {
  const std::int64_t channels = s.group_channels(), step = s.geometry.dilation[1] * s.channels;
  image += group * channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    walk_patch(
        s, pixel,
        [&](std::int64_t to, std::int64_t taps) {
          for (std::int64_t i = 0; i < taps; ++i, columns += channels) {
            T* target = image + to * s.channels + i * step;
            for (std::int64_t c = 0; c < channels; ++c) target[c] += columns[c];
          }
        },
        [&](std::int64_t taps) { columns += taps * channels; });
  }
}

template void im2col(const ConvSizes&, const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void im2col(const ConvSizes&, const double*, std::int64_t, std::int64_t, std::int64_t, double*);
template void col2im(const ConvSizes&, const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void col2im(const ConvSizes&, const double*, std::int64_t, std::int64_t, std::int64_t, double*);

}  // namespace ebb::kernels
