#include "ebb/kernels/scan/scan.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/reduce/reduction_plan.h"

namespace ebb::kernels {
namespace {

/// How to walk along one dimension: backwards where the steps are negative.
struct Line {
  std::int64_t size, x_step, y_step;
};

template <class T, class R>
__global__ void sum_along_line(Walk<2> lines, std::int64_t count, Line line, const T* x, R* y) {
  using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const auto at = lines(i);
  x += at.of[0];
  y += at.of[1];
  Total total = 0;
  for (std::int64_t k = 0; k < line.size; ++k) {
    total += static_cast<Total>(x[k * line.x_step]);
    y[k * line.y_step] = static_cast<R>(total);
  }
}

}  // namespace

void cumsum(CudaContext& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  if (x.numel() == 0) return;
  Line line{x.shape()[dim], x.strides()[dim], y.strides()[dim]};
  const std::int64_t last = reverse ? line.size - 1 : 0;
  const std::int64_t x_first = last * line.x_step, y_first = last * line.y_step;
  if (reverse) line = {line.size, -line.x_step, -line.y_step};
  const Rows<2> lines = plan_reduction(x, {dim}, y).kept;
  visit_number(x.dtype(), [&]<class T>() {
    using R = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
    launch(context, sum_along_line<T, R>, threads_for(lines.numel), Walk<2>(lines), lines.numel, line,
           x.data<T>() + x_first, y.data<R>() + y_first);
  });
}

}  // namespace ebb::kernels
