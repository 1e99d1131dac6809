#include "ebb/kernels/pool/windows.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/pool/max_window.h"

namespace ebb::kernels {
namespace {

/// The positions of a window that lie inside of a dimension of `size`: first, first + step, ... before `end`.
struct Span1d {
  Span1d(std::int64_t start, std::int64_t kernel, std::int64_t dilation, std::int64_t size)
      : first(start < 0 ? start + (-start + dilation - 1) / dilation * dilation : start),
        end(std::min(start + (kernel - 1) * dilation + 1, size)),
        step(dilation) {}
  std::int64_t first, end, step;
};

template <class T>
void forward(const Tensor& x, const PoolGeometry& g, Tensor& y, Tensor& indices) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  const std::int64_t out_height = y.size(2), out_width = y.size(3);
  const auto maximum = best([]<Isa isa> { return max_window<isa, T>; });
  parallel_for(x.size(0) * out_height, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* image = x.data<T>() + row / out_height * channels * height * width;
      const Span1d rows(row % out_height * g.stride[0] - g.padding[0], g.kernel[0], g.dilation[0], height);
      for (std::int64_t column = 0; column < out_width; ++column) {
        const Span1d columns(column * g.stride[1] - g.padding[1], g.kernel[1], g.dilation[1], width);
        const std::int64_t to = (row * out_width + column) * channels;
        maximum({image, width, channels, rows.first, rows.end, rows.step, columns.first, columns.end, columns.step,
                 y.data<T>() + to, indices.data<std::int64_t>() + to});
      }
    }
  });
}

template <class T>
void backward(const Tensor& dy, const Tensor& indices, Tensor& dx) {
  const std::int64_t channels = dx.size(1), pixels = dx.size(2) * dx.size(3), windows = dy.size(2) * dy.size(3);
  parallel_for(dx.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t image = begin; image < end; ++image) {
      T* to = dx.data<T>() + image * pixels * channels;
      const T* from = dy.data<T>() + image * windows * channels;
      const std::int64_t* index = indices.data<std::int64_t>() + image * windows * channels;
      std::fill_n(to, pixels * channels, T(0));
      for (std::int64_t i = 0; i < windows; ++i) {
        for (std::int64_t c = 0; c < channels; ++c) {
          const std::int64_t at = index[i * channels + c];
          if (at >= 0) to[at * channels + c] += from[i * channels + c];
        }
      }
    }
  });
}

template <class T>
void gather(const Tensor& x, const Tensor& indices, Tensor& y) {
  const std::int64_t channels = x.size(1), pixels = x.size(2) * x.size(3), windows = y.size(2) * y.size(3);
  parallel_for(x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t image = begin; image < end; ++image) {
      const T* from = x.data<T>() + image * pixels * channels;
      const std::int64_t* index = indices.data<std::int64_t>() + image * windows * channels;
      T* to = y.data<T>() + image * windows * channels;
      for (std::int64_t i = 0; i < windows; ++i) {
        for (std::int64_t c = 0; c < channels; ++c) {
          const std::int64_t at = index[i * channels + c];
          to[i * channels + c] = at >= 0 ? from[at * channels + c] : T(0);
        }
      }
    }
  });
}

}  // namespace

void windows_max_pool2d(const Tensor& x, const PoolGeometry& geometry, Tensor& y, Tensor& indices) {
  visit_float(x.dtype(), [&]<class T>() { forward<T>(x, geometry, y, indices); });
}

void windows_max_pool2d_backward(const Tensor& dy, const Tensor& indices, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() { backward<T>(dy, indices, dx); });
}

void windows_max_pool2d_gather(const Tensor& x, const Tensor& indices, Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() { gather<T>(x, indices, y); });
}

}  // namespace ebb::kernels
