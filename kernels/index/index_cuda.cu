#include "ebb/kernels/index/index.h"

#include <algorithm>
#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/index/index_lines.h"

namespace ebb::kernels {
namespace {

/// One element of y a thread; the walk's operands are index, the starts of the lines of x, and y.
template <class T>
__global__ void gather_element(Walk<3> walk, std::int64_t count, const std::int64_t* index, const T* x,
                               std::int64_t size, std::int64_t stride, T outside, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  const auto at = walk(thread);
  const std::int64_t place = index[at.of[0]];
  y[at.of[2]] = place >= 0 && place < size ? x[at.of[1] + place * stride] : outside;
}

/// A dimension of the index and the strides along it.
struct Line {
  std::int64_t length, index_stride, src_stride, y_size, y_stride;
};

/// A share of the places of one line a thread: it reads the whole line of the index and takes what falls into its
/// share, in order. No atomics.
template <Scatter how, class T>
__global__ void scatter_share(Walk<3> walk, std::int64_t lines, std::int64_t shares, Line line,
                              const std::int64_t* index, const T* src, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= lines * shares) return;
  const std::int64_t share = thread / lines, width = (line.y_size + shares - 1) / shares;
  const std::int64_t first = share * width, end = min(first + width, line.y_size);
  const auto at = walk(thread % lines);
  for (std::int64_t k = 0; k < line.length; ++k) {
    const std::int64_t place = index[at.of[0] + k * line.index_stride];
    if (place < first || place >= end) continue;
    T& to = y[at.of[2] + place * line.y_stride];
    const T value = src[at.of[1] + k * line.src_stride];
    to = how == Scatter::add ? static_cast<T>(to + value) : value;
  }
}

template <Scatter how, class T>
void launch_scatter(CudaContext& context, int dim, const Tensor& index, const Tensor& src, Tensor& y) {
  constexpr std::int64_t enough_threads = 1 << 16;
  const auto first = [&](const Tensor& t) { return first_of_lines(t, dim, index.shape()); };
  const Tensor starts = first(y);
  const auto rows = plan_rows(starts, first(index), first(src));
  const std::int64_t shares = std::clamp<std::int64_t>(enough_threads / std::max<std::int64_t>(rows.numel, 1), 1,
                                                       std::max<std::int64_t>(y.size(dim), 1));
  const Line line{index.size(dim), index.stride(dim), src.stride(dim), y.size(dim), y.stride(dim)};
  launch(context, scatter_share<how, T>, threads_for(rows.numel * shares), Walk<3>(rows), rows.numel, shares, line,
         index.data<std::int64_t>(), src.data<T>(), y.data<T>());
}

}  // namespace

void gather(CudaContext& context, const Tensor& x, int dim, const Tensor& index, Tensor& y) {
  if (y.numel() == 0) return;
  const auto rows = plan_rows(y, index, line_starts(x, dim, y.shape()));
  visit_any(x.dtype(), [&]<class T>() {
    T outside{};
    if constexpr (std::is_floating_point_v<T>) outside = std::numeric_limits<T>::quiet_NaN();
    launch(context, gather_element<T>, threads_for(rows.numel), Walk<3>(rows), rows.numel, index.data<std::int64_t>(),
           x.data<T>(), x.size(dim), x.stride(dim), outside, y.data<T>());
  });
}

void scatter(CudaContext& context, Scatter how, int dim, const Tensor& index, const Tensor& src, Tensor& y) {
  if (index.numel() == 0) return;
  visit_number(y.dtype(), [&]<class T>() {
    if (how == Scatter::add) {
      launch_scatter<Scatter::add, T>(context, dim, index, src, y);
    } else {
      launch_scatter<Scatter::assign, T>(context, dim, index, src, y);
    }
  });
}

}  // namespace ebb::kernels
