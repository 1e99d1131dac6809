#include "ebb/kernels/norm_pool/norm_pool.h"

#include <algorithm>
#include <cstring>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/caches.h"
#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/panel.h"
#include "ebb/kernels/norm/batch_norm_composed.h"
#include "ebb/kernels/norm/channel_loops.h"
#include "ebb/kernels/norm/channels.h"
#include "ebb/kernels/pool/max_pool_rows.h"

namespace ebb::kernels {
namespace {

/// Calls `body(image, first row, last row)` for blocks of `at_once` of the `rows` of each image, on several threads.
template <class Body>
void for_each_block(std::int64_t images, std::int64_t rows, std::int64_t at_once, Body&& body) {
  const std::int64_t blocks = parts(rows, at_once);
  parallel_for(images * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % blocks * at_once;
      body(i / blocks, first, std::min(first + at_once, rows));
    }
  });
}

/// Rows of windows whose rows of the image fill half of a core's cache.
template <class T>
std::int64_t window_rows_at_once(const MaxPoolRows<T>& pooling, const PoolGeometry& g) {
  const std::int64_t bytes = std::max<std::int64_t>(pooling.row_elements(), 1) * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t rows = caches().l2 / 2 / bytes;
  return std::max<std::int64_t>((rows - g.kernel[0]) / g.stride[0] + 1, 1);
}

template <class T>
void forward(const Tensor& x, const PoolGeometry& g, const ChannelMap<T>& map, Tensor& y, Tensor& indices) {
  const MaxPoolRows<T> pooling(g, x, y);
  const std::int64_t channels = x.size(1), row = pooling.row_elements(), window_row = pooling.window_row_elements();
  const T* from = x.data<T>();
  T* to = y.data<T>();
  std::uint8_t* at = indices.defined() ? indices.data<std::uint8_t>() : nullptr;
  const auto apply = best([]<Isa isa> { return channel_apply<isa, T>; });
  for_each_block(x.size(0), y.size(2), window_rows_at_once(pooling, g),
                 [&](std::int64_t image, std::int64_t begin, std::int64_t end) {
                   const RowRange under = pooling.under(begin, end);
                   const std::int64_t rows = under.end - under.begin;
                   T* normed = scratch<T>(Scratch::block, rows * row);
                   apply(from + (image * x.size(2) + under.begin) * row, nullptr, rows * x.size(3), channels, map,
                         normed);
                   for (std::int64_t i = begin; i < end; ++i) {
                     const std::int64_t place = (image * y.size(2) + i) * window_row;
                     pooling.pool(normed, under.begin, i, to + place, at != nullptr ? at + place : nullptr);
                   }
                 });
}

/// What a gradient of x is made of; see channel_combine.
template <class T>
struct Combination {
  const T* mean;
  ChannelMask<T> mask;
  const T *of_dy, *of_x, *constant;
};

template <class T>
void backward(const Tensor& dy, const Tensor& indices, const Tensor& x, const PoolGeometry& g,
              const Combination<T>& sum, Tensor& dx) {
  constexpr std::int64_t elements_at_once = 1 << 14;
  const MaxPoolRows<T> pooling(g, x, dy);
  const std::int64_t channels = x.size(1), row = pooling.row_elements(),
                     windows = dy.size(2) * pooling.window_row_elements();
  const auto combine = best([]<Isa isa> { return channel_combine<isa, T>; });
  const std::int64_t at_once = std::max<std::int64_t>(elements_at_once / row, 1);
  for_each_block(x.size(0), x.size(2), at_once, [&](std::int64_t image, std::int64_t begin, std::int64_t end) {
    T* below = scratch<T>(Scratch::block, (end - begin) * row);
    for (std::int64_t h = begin; h < end; ++h) {
      pooling.scatter(dy.data<T>() + image * windows, indices.data<std::uint8_t>() + image * windows, h,
                      below + (h - begin) * row);
    }
    const std::int64_t place = (image * x.size(2) + begin) * row;
    combine(below, x.data<T>() + place, (end - begin) * x.size(3), channels, sum.mean, sum.mask, sum.of_dy, sum.of_x,
            sum.constant, dx.data<T>() + place);
  });
}

}  // namespace

const char* norm_pool_refusal(const Tensor& x, const PoolGeometry& g) {
  CpuContext context;
  if (!x.device().is_cpu()) return "the device is no CPU";
  if (x.dtype() != kFloat32 && x.dtype() != kFloat64) return "the elements are neither of float32 nor of float64";
  if (narrowest_index(g) != kUInt8) return "a window has more than 255 elements";
  if (g.dilation[0] != 1 || g.dilation[1] != 1) return "the windows have dilation";
  const bool by_channels = std::strcmp(which_batch_norm(context, {x}).name, "channels") == 0;
  const bool by_windows = std::strcmp(which_max_pool2d(context, {x, x, g}).name, "windows") == 0;
  return by_channels && by_windows ? nullptr : "another implementation of the norm or of the pooling is asked for";
}

void norm_pool_forward(CpuContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                       const PoolGeometry& geometry, RunningStatistics& running, BatchStatistics& saved, Tensor& y,
                       Tensor& indices) {
  composed::take_statistics(context, x, eps, running, saved);
  const Tensor factor = composed::product(context, scale, saved.inverse);
  visit_float(x.dtype(), [&]<class T>() {
    forward<T>(x, geometry, {saved.mean.data<T>(), factor.data<T>(), shift.data<T>(), true}, y, indices);
  });
}

void norm_pool_backward(CpuContext& context, const Tensor& dy, const Tensor& indices, const Tensor& x,
                        const Tensor& scale, const Tensor& shift, const BatchStatistics& saved,
                        const PoolGeometry& geometry, BatchNormGradients& gradients) {
  using composed::product, composed::rows_of;
  const Tensor factor = product(context, scale, saved.inverse);
  Tensor chosen = empty_like(dy), sum_dy_x = empty_like(saved.mean);
  max_pool2d_gather(context, x, indices, geometry, chosen);
  channels_backward_sums(rows_of(dy), rows_of(chosen), saved.mean, {factor, shift}, gradients.dshift, sum_dy_x);
  const composed::InputShares shares =
      composed::input_shares(context, x.numel() / x.size(1), saved, factor, sum_dy_x, gradients);
  visit_float(x.dtype(), [&]<class T>() {
    backward<T>(dy, indices, x, geometry,
                {saved.mean.data<T>(),
                 {factor.data<T>(), shift.data<T>()},
                 factor.data<T>(),
                 shares.of_x.data<T>(),
                 shares.constant.data<T>()},
                gradients.dx);
  });
}

}  // namespace ebb::kernels
