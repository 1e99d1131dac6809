#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/pool/average_loops.h"
#include "ebb/kernels/pool/average_side.h"
#include "ebb/kernels/pool/pool_half.h"

namespace ebb::kernels {
namespace {

/// Calls `body(image, row)` for each row of the images of y, on several threads.
template <class Body>
void for_each_row(const Tensor& y, Body&& body) {
  parallel_for(y.size(0) * y.size(2), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i / y.size(2), i % y.size(2));
  });
}

std::vector<PlaceRange> places_of(const AverageSide& side) {
  std::vector<PlaceRange> places;
  for (std::int64_t i = 0; i < side.count; ++i) places.push_back({side.begin(i), side.end(i)});
  return places;
}

/// The windows that each element lies in.
std::vector<PlaceRange> holders_of(const AverageSide& side) {
  std::vector<PlaceRange> holders;
  for (std::int64_t i = 0; i < side.size; ++i) holders.push_back({side.first_holder(i), side.last_holder(i) + 1});
  return holders;
}

/// What the sums of a row of windows are divided by.
void find_divisors(const AverageWindows& windows, std::int64_t row, std::vector<std::int64_t>& divisors) {
  divisors.resize(static_cast<std::size_t>(windows.columns.count));
  for (std::int64_t q = 0; q < windows.columns.count; ++q) {
    divisors[static_cast<std::size_t>(q)] = static_cast<std::int64_t>(windows.divisor_of<double>(row, q));
  }
}

template <class T>
void forward(const Tensor& x, const AverageWindows& windows, Tensor& y) {
  const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3), out_width = y.size(3);
  const auto average = best([]<Isa isa> { return average_row<isa, T>; });
  const std::vector<PlaceRange> columns = places_of(windows.columns);
  for_each_row(y, [&](std::int64_t image, std::int64_t row) {
    std::vector<std::int64_t> divisors;
    find_divisors(windows, row, divisors);
    average({x.data<T>() + image * height * width * channels,
             width,
             channels,
             out_width,
             {windows.rows.begin(row), windows.rows.end(row)},
             columns.data(),
             divisors.data(),
             y.data<T>() + (image * y.size(2) + row) * out_width * channels});
  });
}

/// A row of dx gets, of each row of windows that it lies in, their quotients, which are computed once a row.
template <class T>
void backward(const Tensor& dy, const AverageWindows& windows, Tensor& dx) {
  const std::int64_t channels = dx.size(1), width = dx.size(3), out_width = dy.size(3);
  const auto divide = best([]<Isa isa> { return divide_row<isa, T>; });
  const auto spread = best([]<Isa isa> { return spread_row<isa, T>; });
  const std::vector<PlaceRange> holders = holders_of(windows.columns);
  for_each_row(dx, [&](std::int64_t image, std::int64_t row) {
    std::vector<std::int64_t> divisors;
    std::vector<T> quotients(static_cast<std::size_t>(out_width * channels));
    T* to = dx.data<T>() + (image * dx.size(2) + row) * width * channels;
    const std::int64_t first = windows.rows.first_holder(row), last = windows.rows.last_holder(row);
    if (first > last) std::fill_n(to, width * channels, T(0));
    for (std::int64_t r = first; r <= last; ++r) {
      find_divisors(windows, r, divisors);
      divide(dy.data<T>() + (image * dy.size(2) + r) * out_width * channels, divisors.data(), out_width, channels,
             quotients.data());
      spread({quotients.data(), width, channels, holders.data(), r == first, to});
    }
  });
}

}  // namespace

void avg_pool2d(CpuContext& context, const Tensor& x, const AveragePooling& pooling, Tensor& y) {
  if (have_half(x)) return avg_pool2d_of_half(context, x, pooling, y);
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { forward<T>(x, AverageWindows(x, y, pooling), y); });
}

void avg_pool2d_backward(CpuContext& context, const Tensor& dy, const AveragePooling& pooling, Tensor& dx) {
  if (have_half(dy)) return avg_pool2d_backward_of_half(context, dy, pooling, dx);
  if (dx.numel() == 0) return;
  if (dy.numel() == 0) {
    visit_float(dx.dtype(), [&]<class T>() { std::fill_n(dx.data<T>(), dx.numel(), T(0)); });
    return;
  }
  visit_float(dx.dtype(), [&]<class T>() { backward<T>(dy, AverageWindows(dx, dy, pooling), dx); });
}

}  // namespace ebb::kernels
