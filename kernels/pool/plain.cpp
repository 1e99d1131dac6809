#include "ebb/kernels/pool/plain.h"

#include <algorithm>
#include <limits>

#include "ebb/core/dispatch.h"

namespace ebb::kernels {
namespace {

/// Calls `body(window, image, row, column, channel)` for each element of a channels-last y, which counts as `window`.
template <class Body>
void for_each_window(const Tensor& y, Body&& body) {
  const std::int64_t channels = y.size(1), height = y.size(2), width = y.size(3);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    const std::int64_t pixel = i / channels;
    body(i, pixel / width / height, pixel / width % height, pixel % width, i % channels);
  }
}

}  // namespace

void plain_max_pool2d(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  visit_float(x.dtype(), [&]<class T>() {
    const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
    for_each_window(y, [&](std::int64_t i, std::int64_t image, std::int64_t out_row, std::int64_t out_column,
                           std::int64_t channel) {
      T best = -std::numeric_limits<T>::infinity();
      std::int64_t at = -1;
      for (std::int64_t tap = 0; tap < g.kernel[0] * g.kernel[1]; ++tap) {
        const std::int64_t row = out_row * g.stride[0] - g.padding[0] + tap / g.kernel[1] * g.dilation[0];
        const std::int64_t column = out_column * g.stride[1] - g.padding[1] + tap % g.kernel[1] * g.dilation[1];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const std::int64_t pixel = row * width + column;
        const T value = x.data<T>()[(image * height * width + pixel) * channels + channel];
        if (at < 0 || value > best || value != value) {
          best = value;
          at = pixel;
        }
      }
      y.data<T>()[i] = best;
      indices.data<std::int64_t>()[i] = at;
    });
  });
}

void plain_max_pool2d_backward(const Tensor& dy, const Tensor& indices, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() {
    const std::int64_t channels = dx.size(1), pixels = dx.size(2) * dx.size(3);
    const auto* index = indices.data<std::int64_t>();
    std::fill_n(dx.data<T>(), dx.numel(), T(0));
    for_each_window(dy, [&](std::int64_t i, std::int64_t image, std::int64_t, std::int64_t, std::int64_t channel) {
      if (index[i] >= 0) dx.data<T>()[(image * pixels + index[i]) * channels + channel] += dy.data<T>()[i];
    });
  });
}

}  // namespace ebb::kernels
