#include "ebb/kernels/scan/scan.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/reduce/reduction_plan.h"

namespace ebb::kernels {
namespace {

/// How to walk along one dimension: backwards where the steps are negative.
struct Line {
  std::int64_t size, x_step, y_step;
};

template <class T>
using TotalOf = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

/// A line a thread: neighbouring threads read neighbouring elements where the lines lie side by side.
template <class T, class R>
__global__ void sum_along_line(Walk<2> lines, std::int64_t count, Line line, const T* x, R* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const auto at = lines(i);
  x += at.of[0];
  y += at.of[1];
  TotalOf<T> total = 0;
  for (std::int64_t k = 0; k < line.size; ++k) {
    total += static_cast<TotalOf<T>>(x[k * line.x_step]);
    y[k * line.y_step] = static_cast<R>(total);
  }
}

inline constexpr std::int64_t chunk = 8 * block_size;  // elements of a block, along one line

template <class Total>
struct WarpTotals {
  Total of[block_size / warp_size];
};

/// The sum of the values of this thread and those before it in the block, and of all.
template <class Total>
__device__ Total block_scan(Total value, WarpTotals<Total>& shared, Total& all) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
  for (int delta = 1; delta < warp_size; delta *= 2) {
    const Total other = shuffle_up(value, delta);
    if (lane >= delta) value += other;
  }
  if (lane == warp_size - 1) shared.of[warp] = value;
  __syncthreads();
  Total earlier = 0;
  all = 0;
  for (int w = 0; w < block_size / warp_size; ++w) {
    if (w == warp) earlier = all;
    all += shared.of[w];
  }
  __syncthreads();
  return earlier + value;
}

/// A chunk of a line a block. Without `y`: its sum, to totals[block]. With it: its running sums, on top of the running
/// sum of the chunks before, totals[block - 1], where there are several.
template <class T, class R>
__global__ void scan_chunk(Walk<2> lines, Line line, std::int64_t chunks, TotalOf<T>* totals, const T* x, R* y) {
  auto& shared = block_shared<WarpTotals<TotalOf<T>>>();
  const std::int64_t of_line = blockIdx.x % chunks, first = of_line * chunk, end = min(first + chunk, line.size);
  const auto at = lines(blockIdx.x / chunks);
  TotalOf<T> before = y != nullptr && of_line > 0 ? totals[blockIdx.x - 1] : TotalOf<T>(0), all = 0;
  for (std::int64_t start = first; start < end; start += block_size) {
    const std::int64_t k = start + threadIdx.x;
    const auto value = k < end ? static_cast<TotalOf<T>>(x[at.of[0] + k * line.x_step]) : TotalOf<T>(0);
    const TotalOf<T> sum = before + block_scan(value, shared, all);
    if (y != nullptr && k < end) y[at.of[1] + k * line.y_step] = static_cast<R>(sum);
    before += all;
  }
  if (y == nullptr && threadIdx.x == 0) totals[blockIdx.x] = before;
}

/// Lines of several chunks: first the sums of the chunks, then their running sums, in the same way, then all.
template <class T, class R>
void scan_in_chunks(CudaContext& context, const Walk<2>& lines, std::int64_t count, const Line& line, const T* x,
                    R* y) {
  using Total = TotalOf<T>;
  const std::int64_t chunks = (line.size + chunk - 1) / chunk;
  const LaunchSize size{dim3(grid_size(count * chunks))};
  Tensor scratch;
  Total* totals = nullptr;
  if (chunks > 1) {
    scratch = allocate({count, chunks}, std::is_same_v<Total, double> ? kFloat64 : kInt64, context.device());
    totals = scratch.data<Total>();
    launch(context, scan_chunk<T, R>, size, lines, line, chunks, totals, x, nullptr);
    const Rows<2> rows{.sizes = {count}, .strides = {Strides{chunks}, Strides{chunks}}, .numel = count};
    scan_in_chunks<Total, Total>(context, Walk<2>(rows), count, {chunks, 1, 1}, totals, totals);
  }
  launch(context, scan_chunk<T, R>, size, lines, line, chunks, totals, x, y);
}

}  // namespace

void cumsum(CudaContext& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  constexpr std::int64_t enough_lines = 8192;  // to give the whole GPU work, a line a thread
  constexpr std::int64_t short_line = 32;      // less than it takes to give a block work
  if (x.numel() == 0) return;
  Line line{x.shape()[dim], x.strides()[dim], y.strides()[dim]};
  const bool side_by_side = line.x_step != 1;
  const std::int64_t last = reverse ? line.size - 1 : 0;
  const std::int64_t x_first = last * line.x_step, y_first = last * line.y_step;
  if (reverse) line = {line.size, -line.x_step, -line.y_step};
  const Rows<2> lines = plan_reduction(x, {dim}, y).kept;
  visit_number(x.dtype(), [&]<class T>() {
    using R = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
    const T* from = x.data<T>() + x_first;
    R* to = y.data<R>() + y_first;
    if (line.size <= short_line || (side_by_side && lines.numel >= enough_lines)) {
      launch(context, sum_along_line<T, R>, threads_for(lines.numel), Walk<2>(lines), lines.numel, line, from, to);
    } else {
      scan_in_chunks<T, R>(context, Walk<2>(lines), lines.numel, line, from, to);
    }
  });
}

}  // namespace ebb::kernels
