#include "ebb/kernels/pool/windows.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/pool/max_window.h"
#include "ebb/kernels/pool/pool_index.h"

namespace ebb::kernels {
namespace {

/// Of the window number i along one dimension, of `size`.
WindowSpan span_of(const PoolGeometry& g, std::size_t dim, std::int64_t i, std::int64_t size) {
  const std::int64_t start = i * g.stride[dim] - g.padding[dim], step = g.dilation[dim];
  const std::int64_t tap = start < 0 ? (-start + step - 1) / step : 0;
  return {start + tap * step, std::min(start + (g.kernel[dim] - 1) * step + 1, size), step, tap};
}

template <class T, class Index>
void forward(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  const std::int64_t out_height = y.size(2), out_width = y.size(3);
  const auto maximum = best([]<Isa isa> { return max_window<isa, T, Index>; });
  parallel_for(x.size(0) * out_height, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* image = x.data<T>() + row / out_height * channels * height * width;
      const WindowSpan rows = span_of(g, 0, row % out_height, height);
      for (std::int64_t column = 0; column < out_width; ++column) {
        const std::int64_t to = (row * out_width + column) * channels;
        maximum({image, width, channels, g.kernel[1], rows, span_of(g, 1, column, width), y.data<T>() + to,
                 indices.data<Index>() + to});
      }
    }
  });
}

/// Where the elements of a window lie, as distances from its first one.
std::vector<std::int64_t> taps_of(const PoolGeometry& g, std::int64_t width) {
  std::vector<std::int64_t> taps;
  for (std::int64_t r = 0; r < g.kernel[0]; ++r) {
    for (std::int64_t q = 0; q < g.kernel[1]; ++q) taps.push_back(r * g.dilation[0] * width + q * g.dilation[1]);
  }
  return taps;
}

/// Sets `to` to 0 and calls `body(window, pixel)` for each element of y that was chosen from one of x: their places.
template <class Index, class T, class Body>
void for_each_choice(const Tensor& x, const Tensor& indices, const PoolGeometry& g, Tensor& to, T zero, Body&& body) {
  const std::int64_t channels = x.size(1), width = x.size(3), pixels = x.size(2) * width;
  const std::int64_t out_width = indices.size(3), windows = indices.size(2) * out_width;
  constexpr bool is_local = sizeof(Index) == 1;
  const std::vector<std::int64_t> taps = is_local ? taps_of(g, width) : std::vector<std::int64_t>();
  parallel_for(x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t image = begin; image < end; ++image) {
      const std::int64_t cleared = to.numel() / to.size(0);
      std::fill_n(to.data<T>() + image * cleared, cleared, zero);
      for (std::int64_t i = 0; i < windows; ++i) {
        const std::int64_t row = i / out_width * g.stride[0] - g.padding[0];
        const std::int64_t column = i % out_width * g.stride[1] - g.padding[1];
        const std::int64_t window = (image * windows + i) * channels, start = is_local ? row * width + column : 0;
        const Index* index = indices.data<Index>() + window;
        for (std::int64_t c = 0; c < channels; ++c) {
          if (index[c] == no_element<Index>) continue;
          const std::int64_t tap = is_local ? taps[static_cast<std::size_t>(index[c])] : index[c];
          body(window + c, (image * pixels + start + tap) * channels + c);
        }
      }
    }
  });
}

/// By bytes: each element of a window takes what is its own of all channels.
template <class T>
void backward_by_taps(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  const std::int64_t channels = dx.size(1), height = dx.size(2), width = dx.size(3);
  const std::int64_t out_height = dy.size(2), out_width = dy.size(3);
  const auto add = best([]<Isa isa> { return add_where<isa, T>; });
  parallel_for(dx.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * out_height * out_width; i < end * out_height * out_width; ++i) {
      const std::int64_t image = i / (out_height * out_width), row = i / out_width % out_height;
      T* to = dx.data<T>() + image * height * width * channels;
      if (i % (out_height * out_width) == 0) std::fill_n(to, height * width * channels, T(0));
      const WindowSpan rows = span_of(g, 0, row, height), columns = span_of(g, 1, i % out_width, width);
      for (std::int64_t h = rows.first, r = rows.tap; h < rows.end; h += rows.step, ++r) {
        for (std::int64_t w = columns.first, q = columns.tap; w < columns.end; w += columns.step, ++q) {
          add(dy.data<T>() + i * channels, indices.data<std::uint8_t>() + i * channels,
              static_cast<std::uint8_t>(r * g.kernel[1] + q), channels, to + (h * width + w) * channels);
        }
      }
    }
  });
}

template <class T>
void backward(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  if (indices.dtype() == kUInt8) return backward_by_taps<T>(dy, indices, g, dx);
  const T* from = dy.data<T>();
  T* to = dx.data<T>();
  for_each_choice<std::int64_t>(dx, indices, g, dx, T(0),
                                [=](std::int64_t window, std::int64_t at) { to[at] += from[window]; });
}

template <class T, class Index>
void gather(const Tensor& x, const Tensor& indices, const PoolGeometry& g, Tensor& y) {
  const T* from = x.data<T>();
  T* to = y.data<T>();
  for_each_choice<Index>(x, indices, g, y, T(0), [=](std::int64_t window, std::int64_t at) { to[window] = from[at]; });
}

}  // namespace

void windows_max_pool2d(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  visit_float(x.dtype(), [&]<class T>() {
    visit_index(indices.dtype(), [&]<class Index>() { forward<T, Index>(x, g, y, indices); });
  });
}

void windows_max_pool2d_backward(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() { backward<T>(dy, indices, g, dx); });
}

void windows_max_pool2d_gather(const Tensor& x, const Tensor& indices, const PoolGeometry& g, Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    visit_index(indices.dtype(), [&]<class Index>() { gather<T, Index>(x, indices, g, y); });
  });
}

}  // namespace ebb::kernels
