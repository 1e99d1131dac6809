#include "ebb/kernels/pool/plain.h"

#include <algorithm>
#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/pool/pool_index.h"

namespace ebb::kernels {
namespace {

/// One window of one channel.
struct At {
  std::int64_t window, image, row, column, channel;  // `window` is the place of its element of y

  /// ih * W + iw of the element number `tap` of the window; -1 where it lies outside of an image of (height, width).
  std::int64_t pixel(const PoolGeometry& g, std::int64_t tap, std::int64_t height, std::int64_t width) const {
    const std::int64_t h = row * g.stride[0] - g.padding[0] + tap / g.kernel[1] * g.dilation[0];
    const std::int64_t w = column * g.stride[1] - g.padding[1] + tap % g.kernel[1] * g.dilation[1];
    return h < 0 || h >= height || w < 0 || w >= width ? -1 : h * width + w;
  }
};

/// Calls `body` for each element of a channels-last y.
template <class Body>
void for_each_window(const Tensor& y, Body&& body) {
  const std::int64_t channels = y.size(1), height = y.size(2), width = y.size(3);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    const std::int64_t pixel = i / channels;
    body(At{i, pixel / width / height, pixel / width % height, pixel % width, i % channels});
  }
}

template <class T, class Index>
void forward(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  for_each_window(y, [&](const At& at) {
    T best = -std::numeric_limits<T>::infinity();
    Index index = no_element<Index>;
    for (std::int64_t tap = 0; tap < g.kernel[0] * g.kernel[1]; ++tap) {
      const std::int64_t pixel = at.pixel(g, tap, height, width);
      if (pixel < 0) continue;
      const T value = x.data<T>()[(at.image * height * width + pixel) * channels + at.channel];
      if (index == no_element<Index> || value > best || value != value) {
        best = value;
        index = static_cast<Index>(sizeof(Index) == 1 ? tap : pixel);
      }
    }
    y.data<T>()[at.window] = best;
    indices.data<Index>()[at.window] = index;
  });
}

template <class T, class Index>
void backward(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  const std::int64_t channels = dx.size(1), height = dx.size(2), width = dx.size(3);
  std::fill_n(dx.data<T>(), dx.numel(), T(0));
  for_each_window(dy, [&](const At& at) {
    const Index index = indices.data<Index>()[at.window];
    if (index == no_element<Index>) return;
    const std::int64_t pixel = sizeof(Index) == 1 ? at.pixel(g, index, height, width) : index;
    dx.data<T>()[(at.image * height * width + pixel) * channels + at.channel] += dy.data<T>()[at.window];
  });
}

}  // namespace

void plain_max_pool2d(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  Tensor told = indices.defined() ? indices : empty_like(y, kInt64);
  visit_float(x.dtype(),
              [&]<class T>() { visit_index(told.dtype(), [&]<class Index>() { forward<T, Index>(x, g, y, told); }); });
}

void plain_max_pool2d_backward(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() {
    visit_index(indices.dtype(), [&]<class Index>() { backward<T, Index>(dy, indices, g, dx); });
  });
}

}  // namespace ebb::kernels
