#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/pool/average_loops.h"
#include "ebb/kernels/pool/average_side.h"

namespace ebb::kernels {
namespace {

/// Calls `body(image, row)` for each row of the images of y, on several threads.
template <class Body>
void for_each_row(const Tensor& y, Body&& body) {
  parallel_for(y.size(0) * y.size(2), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i / y.size(2), i % y.size(2));
  });
}

template <class T>
void forward(const Tensor& x, const AverageWindows& windows, Tensor& y) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  const auto add = best([]<Isa isa> { return add_channels<isa, T>; });
  const auto divide = best([]<Isa isa> { return divide_channels<isa, T>; });
  for_each_row(y, [&](std::int64_t image, std::int64_t out_row) {
    T* to = y.data<T>() + (image * y.size(2) + out_row) * y.size(3) * channels;
    std::fill_n(to, y.size(3) * channels, T(0));
    for (std::int64_t out_column = 0; out_column < y.size(3); ++out_column, to += channels) {
      for (std::int64_t row = windows.rows.begin(out_row); row < windows.rows.end(out_row); ++row) {
        const T* line = x.data<T>() + (image * height + row) * width * channels;
        const std::int64_t end = windows.columns.end(out_column);
        for (std::int64_t column = windows.columns.begin(out_column); column < end; ++column) {
          add(line + column * channels, channels, to);
        }
      }
      divide(windows.divisor_of<T>(out_row, out_column), channels, to);
    }
  });
}

/// A row of dx gets, of each row of windows that it lies in, their quotients, which are computed once a row.
template <class T>
void backward(const Tensor& dy, const AverageWindows& windows, Tensor& dx) {
  const std::int64_t channels = dx.size(1), height = dx.size(2), width = dx.size(3), out_width = dy.size(3);
  const auto add = best([]<Isa isa> { return add_channels<isa, T>; });
  const auto divide = best([]<Isa isa> { return divide_channels<isa, T>; });
  for_each_row(dx, [&](std::int64_t image, std::int64_t row) {
    std::vector<T> quotients(static_cast<std::size_t>(out_width * channels));
    T* to = dx.data<T>() + (image * height + row) * width * channels;
    std::fill_n(to, width * channels, T(0));
    for (std::int64_t r = windows.rows.first_holder(row); r <= windows.rows.last_holder(row); ++r) {
      std::copy_n(dy.data<T>() + (image * dy.size(2) + r) * out_width * channels, out_width * channels,
                  quotients.data());
      for (std::int64_t q = 0; q < out_width; ++q) {
        divide(windows.divisor_of<T>(r, q), channels, quotients.data() + q * channels);
      }
      for (std::int64_t column = 0; column < width; ++column) {
        const std::int64_t last = windows.columns.last_holder(column);
        for (std::int64_t q = windows.columns.first_holder(column); q <= last; ++q) {
          add(quotients.data() + q * channels, channels, to + column * channels);
        }
      }
    }
  });
}

}  // namespace

void avg_pool2d(CpuContext&, const Tensor& x, const AveragePooling& pooling, Tensor& y) {
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { forward<T>(x, AverageWindows(x, y, pooling), y); });
}

void avg_pool2d_backward(CpuContext&, const Tensor& dy, const AveragePooling& pooling, Tensor& dx) {
  if (dx.numel() == 0) return;
  if (dy.numel() == 0) {
    visit_float(dx.dtype(), [&]<class T>() { std::fill_n(dx.data<T>(), dx.numel(), T(0)); });
    return;
  }
  visit_float(dx.dtype(), [&]<class T>() { backward<T>(dy, AverageWindows(dx, dy, pooling), dx); });
}

}  // namespace ebb::kernels
