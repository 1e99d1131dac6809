#include "ebb/kernels/pool/windows.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/pool/max_pool_rows.h"
#include "ebb/kernels/pool/max_window.h"
#include "ebb/kernels/pool/pool_index.h"

namespace ebb::kernels {
namespace {

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
  const MaxPoolRows<T> pooling(g, x, y);
  const std::int64_t image_elements = x.size(2) * pooling.row_elements(), out_row = pooling.window_row_elements();
  const T* from = x.data<T>();
  T* greatest = y.data<T>();
  std::uint8_t* at = indices.defined() ? indices.data<std::uint8_t>() : nullptr;
  for_each_row_of(y, [&](std::int64_t image, std::int64_t row) {
    const std::int64_t to = (image * y.size(2) + row) * out_row;
    pooling.pool(from + image * image_elements, 0, row, greatest + to, at != nullptr ? at + to : nullptr);
  });
}

template <class T>
void forward(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  if (!indices.defined() || indices.dtype() == kUInt8) return forward_by_taps<T>(x, g, y, indices);
  forward_by_places<T>(x, g, y, indices);
}

/// Sets `to` to 0 and calls `body(window, pixel)` for each element of y that was chosen from one of x: their places.
template <class T, class Body>
void for_each_choice(const Tensor& x, const Tensor& indices, Tensor& to, Body&& body) {
  const std::int64_t channels = x.size(1), pixels = x.size(2) * x.size(3), windows = indices.size(2) * indices.size(3);
  parallel_for(x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t cleared = to.numel() / to.size(0);
    std::fill_n(to.data<T>() + begin * cleared, (end - begin) * cleared, T(0));
    for (std::int64_t i = begin * windows; i < end * windows; ++i) {
      const std::int64_t* index = indices.data<std::int64_t>() + i * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        if (index[c] == no_element<std::int64_t>) continue;
        body(i * channels + c, (i / windows * pixels + index[c]) * channels + c);
      }
    }
  });
}

/// Each row of dx gets what the windows that it lies in have chosen of it, in their order.
template <class T>
void backward_by_taps(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  const MaxPoolRows<T> pooling(g, dx, dy);
  const std::int64_t row = pooling.row_elements(), of_windows = dy.size(2) * pooling.window_row_elements();
  for_each_row_of(dx, [&](std::int64_t image, std::int64_t h) {
    pooling.scatter(dy.data<T>() + image * of_windows, indices.data<std::uint8_t>() + image * of_windows, h,
                    dx.data<T>() + (image * dx.size(2) + h) * row);
  });
}

/// Each row of y gets what its windows have chosen.
template <class T>
void gather_by_taps(const Tensor& x, const Tensor& indices, const PoolGeometry& g, Tensor& y) {
  const MaxPoolRows<T> pooling(g, x, y);
  const std::int64_t image_elements = x.size(2) * pooling.row_elements(), out_row = pooling.window_row_elements();
  for_each_row_of(y, [&](std::int64_t image, std::int64_t row) {
    const std::int64_t to = (image * y.size(2) + row) * out_row;
    pooling.gather(x.data<T>() + image * image_elements, row, indices.data<std::uint8_t>() + to, y.data<T>() + to);
  });
}

template <class T>
void backward(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  if (indices.dtype() == kUInt8) return backward_by_taps<T>(dy, indices, g, dx);
  const T* from = dy.data<T>();
  T* to = dx.data<T>();
  for_each_choice<T>(dx, indices, dx, [=](std::int64_t window, std::int64_t at) { to[at] += from[window]; });
}

template <class T>
void gather(const Tensor& x, const Tensor& indices, const PoolGeometry& g, Tensor& y) {
  if (indices.dtype() == kUInt8) return gather_by_taps<T>(x, indices, g, y);
  const T* from = x.data<T>();
  T* to = y.data<T>();
  for_each_choice<T>(x, indices, y, [=](std::int64_t window, std::int64_t at) { to[window] = from[at]; });
}

}  // namespace

void windows_max_pool2d(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  visit_float(x.dtype(), [&]<class T>() { forward<T>(x, g, y, indices); });
}

void windows_max_pool2d_backward(const Tensor& dy, const Tensor& indices, const PoolGeometry& g, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() { backward<T>(dy, indices, g, dx); });
}

void windows_max_pool2d_gather(const Tensor& x, const Tensor& indices, const PoolGeometry& g, Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() { gather<T>(x, indices, g, y); });
}

}  // namespace ebb::kernels
