#include "ebb/autograd/ops/pool/avg_pool.h"

#include <algorithm>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/detail/average.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/resample.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using ops::SparseMatrix;
using ops::Window;

namespace {

/// How the windows of a pooling over several dimensions are averaged.
struct Averaging {
  bool ceil_mode, count_include_pad;
  std::optional<std::int64_t> divisor_override;
};

SparseMatrix average_windows(std::int64_t size, const Window& w, const Averaging& a) {
  const std::int64_t count = ops::window_count(size, w, a.ceil_mode);
  SparseMatrix matrix(count, size);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t start = w.start(i), end = std::min(start + w.kernel, size + w.padding);
    const std::int64_t first = std::max<std::int64_t>(start, 0), last = std::min(end, size);
    const auto elements = static_cast<double>(a.count_include_pad ? end - start : last - first);
    for (std::int64_t k = first; k < last; ++k) matrix.add(k, a.divisor_override ? 1 : 1 / elements);
    matrix.end_row();
  }
  return matrix;
}

/// At once in both dimensions.
Tensor avg_pool_of_images(const Tensor& x, std::span<const Window> windows, const Averaging& a) {
  kernels::AveragePooling pooling{.count_include_pad = a.count_include_pad,
                                  .divisor = static_cast<double>(a.divisor_override.value_or(0))};
  Dims sizes;
  for (std::size_t i = 0; i < 2; ++i) {
    pooling.kernel[i] = windows[i].kernel;
    pooling.stride[i] = windows[i].stride;
    pooling.padding[i] = windows[i].padding;
    sizes.push_back(ops::window_count(x.size(2 + static_cast<int>(i)), windows[i], a.ceil_mode));
  }
  return ops::averages(x, pooling, sizes);
}

Tensor avg_pool(const Tensor& x, std::span<const Window> windows, const Averaging& a) {
  const int dims = static_cast<int>(windows.size());
  ops::check_images(x, dims);
  check(a.divisor_override != 0, "divisor_override must not be 0");
  for (const Window& w : windows) {
    ops::check_window(w);
    ops::check_padding(w);
  }
  const bool fits = dims == 2 && ops::can_average(x, checked_product(windows[0].kernel, windows[1].kernel));
  if (fits) return avg_pool_of_images(x, windows, a);
  std::vector<SparseMatrix> matrices;
  for (int i = 0; i < dims; ++i) {
    matrices.push_back(average_windows(x.size(i - dims), windows[static_cast<std::size_t>(i)], a));
  }
  const Tensor y = ops::resample(x, matrices);
  return a.divisor_override ? y / *a.divisor_override : y;
}

}  // namespace

Tensor avg_pool1d(const Tensor& x, const AvgPool1dOptions& o, Site site) {
  const OpScope op("avg_pool1d", site);
  const Window window{o.kernel_size, o.stride.value_or(o.kernel_size), o.padding};
  return avg_pool(x, std::span(&window, 1), {o.ceil_mode, o.count_include_pad, {}});
}

Tensor avg_pool2d(const Tensor& x, const AvgPool2dOptions& o, Site site) {
  const OpScope op("avg_pool2d", site);
  const Size2 stride = o.stride.value_or(o.kernel_size);
  const std::array<Window, 2> windows{Window{o.kernel_size.height, stride.height, o.padding.height},
                                      Window{o.kernel_size.width, stride.width, o.padding.width}};
  return avg_pool(x, windows, {o.ceil_mode, o.count_include_pad, o.divisor_override});
}

Tensor avg_pool3d(const Tensor& x, const AvgPool3dOptions& o, Site site) {
  if (const Autocasting as(Precision::full_on_cpu, x); as) return avg_pool3d(as(x), o, site);
  const OpScope op("avg_pool3d", site);
  const Dims kernel_size = ops::three(o.kernel_size, "kernel_size"),
             stride = ops::three(o.stride.empty() ? o.kernel_size : o.stride, "stride"),
             padding = ops::three(o.padding, "padding");
  std::vector<Window> windows;
  for (int i = 0; i < 3; ++i) windows.push_back({kernel_size[i], stride[i], padding[i]});
  return avg_pool(x, windows, {o.ceil_mode, o.count_include_pad, o.divisor_override});
}

}  // namespace ebb
