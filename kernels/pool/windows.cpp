#include "ebb/kernels/pool/windows.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/pool/max_rows.h"
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

/// The window that has element i as its number `tap` along one dimension, maybe one that there is not; -1 for none.
std::int64_t holder_of(const PoolGeometry& g, std::size_t dim, std::int64_t i, std::int64_t tap) {
  const std::int64_t start = i + g.padding[dim] - tap * g.dilation[dim];
  return start >= 0 && start % g.stride[dim] == 0 ? start / g.stride[dim] : -1;
}

WindowLine columns_of(const PoolGeometry& g, std::int64_t windows, std::int64_t size) {
  return {windows, g.kernel[1], g.stride[1], g.padding[1], g.dilation[1], size};
}

/// Calls `body(image, row)` for each row of the images of y, on several threads.
template <class Body>
void for_each_row_of(const Tensor& y, Body&& body) {
  constexpr std::int64_t elements_per_chunk = 1 << 14;
  const std::int64_t rows = y.size(2);
  const std::int64_t grain =
      std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(1, y.size(1) * y.size(3)));
  parallel_for(y.size(0) * rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i / rows, i % rows);
  });
}

/// With places in the image.
template <class T>
void forward_by_places(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  const auto maximum = best([]<Isa isa> { return max_window<isa, T>; });
  for_each_row_of(y, [&](std::int64_t image, std::int64_t row) {
    const T* from = x.data<T>() + image * channels * height * width;
    const WindowSpan rows = span_of(g, 0, row, height);
    for (std::int64_t column = 0; column < y.size(3); ++column) {
      const std::int64_t to = ((image * y.size(2) + row) * y.size(3) + column) * channels;
      maximum({from, width, channels, rows, span_of(g, 1, column, width), y.data<T>() + to,
               indices.data<std::int64_t>() + to});
    }
  });
}

/// With elements' numbers in their windows, or none.
template <class T>
void forward_by_taps(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  const auto pool = best([]<Isa isa> { return max_pool_row<isa, T>; });
  const std::int64_t out_height = y.size(2), out_row = y.size(3) * channels;
  const WindowLine columns = columns_of(g, y.size(3), width);
  const T* from = x.data<T>();
  T* best_of = y.data<T>();
  std::uint8_t* at = indices.defined() ? indices.data<std::uint8_t>() : nullptr;
  for_each_row_of(y, [&](std::int64_t image, std::int64_t row) {
    const std::int64_t to = (image * out_height + row) * out_row;
    pool({from + image * channels * height * width, channels, span_of(g, 0, row, height), columns, best_of + to,
          at != nullptr ? at + to : nullptr});
  });
}

template <class T>
void forward(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  if (!indices.defined() || indices.dtype() == kUInt8) return forward_by_taps<T>(x, g, y, indices);
  forward_by_places<T>(x, g, y, indices);
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

/// The windows of a row of windows that each element of a row lies in.
struct Holders {
  Holders(const PoolGeometry& g, std::int64_t windows, std::int64_t width) {
    for (std::int64_t w = 0; w < width; ++w) {
      for (std::int64_t tap = g.kernel[1] - 1; tap >= 0; --tap) {
        if (const std::int64_t window = holder_of(g, 1, w, tap); window >= 0 && window < windows)
          all.push_back({window, tap});
      }
      offsets.push_back(static_cast<std::int64_t>(all.size()));
    }
  }

  std::vector<Holder> all;
  std::vector<std::int64_t> offsets{0};
};

/// Each row of dx gets what the windows that it lies in have chosen of it, in their order.
template <class T>
void backward_by_taps(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  const std::int64_t channels = dx.size(1), height = dx.size(2), width = dx.size(3);
  const std::int64_t out_height = dy.size(2), out_row = dy.size(3) * channels;
  const auto add = best([]<Isa isa> { return max_pool_backward_row<isa, T>; });
  const Holders holders(g, dy.size(3), width);
  for_each_row_of(dx, [&](std::int64_t image, std::int64_t h) {
    std::vector<HoldingRow<T>> rows;
    for (std::int64_t tap = g.kernel[0] - 1; tap >= 0; --tap) {
      const std::int64_t row = holder_of(g, 0, h, tap), from = (image * out_height + row) * out_row;
      if (row < 0 || row >= out_height) continue;
      rows.push_back({dy.data<T>() + from, indices.data<std::uint8_t>() + from, tap * g.kernel[1]});
    }
    add({rows, holders.all, holders.offsets, channels, dx.data<T>() + (image * height + h) * width * channels});
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
  visit_float(x.dtype(), [&]<class T>() { forward<T>(x, g, y, indices); });
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
