#include "ebb/kernels/loss/cross_entropy.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/loss/cross_entropy_lines.cuh"
#include "ebb/kernels/softmax/softmax_columns.cuh"
#include "ebb/kernels/softmax/softmax_rows.cuh"

namespace ebb::kernels {
namespace {

template <class T, int packets>
__global__ void cross_entropy_held(RowShape shape, const T* x, LineLosses<T> losses) {
  using A = OpMath<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row(x, own, rounded<T>(-std::numeric_limits<A>::infinity()));
  const A max = max_of_row(row);
  A sum = 0, below = 0;
  for_each_held<T, packets>([&](int p, int k, int) { sum += std::exp(row(p, k) - max); });
  sum = combine_row(sum, Plus());
  if (losses.shares.even > 0) {
    for_each_held<T, packets>([&](int p, int k, int place) { below += place < own.n ? row(p, k) - max : A(0); });
    below = combine_row(below, Plus()) / static_cast<A>(shape.n);
  }
  if (own.exists && threadIdx.x == 0) losses.store(x + own.first, 1, own.row, {max, std::log(sum), below});
}

template <class T>
__global__ void cross_entropy_long(LongRows rows, const T* x, LineLosses<T> losses) {
  using A = OpMath<T>;
  const std::int64_t line = blockIdx.x;
  x += line * rows.n;
  const A origin = losses.origin(x, 1, line);
  A sum = 0;
  const auto all = max_and_sum_of_row(rows, x, [&](A value) { sum += value - origin; });
  if (losses.shares.even > 0) sum = combine_row(sum, Plus());
  if (threadIdx.x == 0) losses.store(x, 1, line, all, sum, origin);
}

template <class T>
__global__ void cross_entropy_columns(Columns columns, const T* x, LineLosses<T> losses) {
  using A = OpMath<T>;
  const ColumnPart<8> part(columns);
  const std::int64_t line = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const bool exists = line < columns.count;
  const A origin = exists ? losses.origin(x + part.start, part.step, line) : A(0);
  A sum = 0;
  const auto all = max_and_sum_of_column(part, x, [&](A value) { sum += value - origin; });
  if (losses.shares.even > 0) sum = combine_column(sum, Plus());
  if (exists && threadIdx.y == 0) losses.store(x + part.start, part.step, line, all, sum, origin);
}

template <class T, int packets>
__global__ void cross_entropy_backward_held(RowShape shape, const T* x, LineSlopes<T> slopes, T* dx) {
  const OwnRow own(shape);
  if (!own.exists) return;
  const HeldRow<T, packets> row(x, own, T(0));
  const auto slope = slopes.of(own.row);
  store_held<T, packets>(dx, own, [&](int p, int k, int place) { return slope(row(p, k), place); });
}

template <class T>
__global__ void cross_entropy_backward_long(LongRows rows, const T* x, LineSlopes<T> slopes, T* dx) {
  constexpr int size = row_packet<T>;
  const std::int64_t line = blockIdx.x;
  x += line * rows.n;
  dx += line * rows.n;
  const auto slope = slopes.of(line);
  rows.for_each_packet<size, packets_together>([&](std::int64_t first, std::int64_t step) {
    Packet<T, size> packets[packets_together];
#pragma unroll
    for (int u = 0; u < packets_together; ++u) {
      packets[u] = load_before<size>(x, first + u * step, rows.n, rows.packed, T(0));
    }
#pragma unroll
    for (int u = 0; u < packets_together; ++u) {
      const std::int64_t i = first + u * step;
#pragma unroll
      for (int k = 0; k < size; ++k) {
        packets[u].element[k] = rounded<T>(slope(widened(packets[u].element[k]), i + k));
      }
      store_before<size>(dx, i, rows.n, rows.packed, packets[u]);
    }
  });
}

template <class T>
__global__ void cross_entropy_backward_columns(Columns columns, const T* x, LineSlopes<T> slopes, T* dx) {
  using A = OpMath<T>;
  constexpr int at_once = 8;
  const ColumnPart<at_once> part(columns);
  const std::int64_t line = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (line >= columns.count) return;
  const auto slope = slopes.of(line);
  part.for_each_group([&](std::int64_t i) {
    A values[at_once];
    part.load(x, i, A(0), values);
#pragma unroll
    for (int u = 0; u < at_once; ++u) values[u] = slope(values[u], i + u * blockDim.y);
    part.store(dx, i, values);
  });
}

/// The sum of the losses, and how many of them count.
template <class A>
struct CountedMean {
  struct Value {
    A sum, count;
  };
  const A* losses;
  const std::int64_t* target;
  std::int64_t ignored;
  A *mean, *counted;

  __device__ Value identity() const { return {0, 0}; }
  __device__ Value load(std::int64_t i, std::int64_t) const { return {losses[i], target[i] == ignored ? A(0) : A(1)}; }
  __device__ Value combine(const Value& a, const Value& b) const { return {a.sum + b.sum, a.count + b.count}; }
  __device__ void store(std::int64_t, const Value& all) const {
    *mean = all.sum / all.count;
    *counted = all.count;
  }
};

LineTargets targets_of(const ClassTargets& of, const Tensor& x) {
  return {of.target.data<std::int64_t>(), of.ignored, x.size(1)};
}

}  // namespace

void cross_entropy(CudaContext& context, const Tensor& x, const ClassTargets& of, Tensor& losses, Tensor& norms) {
  if (losses.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    using A = OpMath<T>;
    const T* from = x.data<T>();
    const std::int64_t n = x.size(1);
    const LineLosses<T> to{targets_of(of, x), {of.smoothing, n}, losses.data<A>(), norms.data<A>()};
    const bool packed = are_packed(n, from);
    if (x.size(2) > 1) {
      const ColumnLaunch at(x);
      launch(context, cross_entropy_columns<T>, at.size, at.columns, from, to);
    } else if (n > longest_held_row<T>) {
      launch(context, cross_entropy_long<T>, {dim3(grid_size(x.size(0)))}, LongRows{n, packed}, from, to);
    } else {
      const RowShape shape{x.size(0), static_cast<int>(n), packed};
      with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
        launch(context, cross_entropy_held<T, packets>, size, shape, from, to);
      });
    }
  });
}

void cross_entropy_backward(CudaContext& context, const Tensor& dy, const Tensor& x, const ClassTargets& of,
                            const Tensor& norms, Tensor& dx) {
  if (x.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    using A = OpMath<T>;
    const T* from = x.data<T>();
    T* to = dx.data<T>();
    const std::int64_t n = x.size(1);
    const LineSlopes<T> slopes{targets_of(of, x), {of.smoothing, n}, norms.data<A>(),   dy.data<A>(),
                               dy.stride(0),      dy.stride(1),      Divider(x.size(2))};
    const bool packed = are_packed(n, from, to);
    if (x.size(2) > 1) {
      const ColumnLaunch at(x);
      launch(context, cross_entropy_backward_columns<T>, at.size, at.columns, from, slopes, to);
    } else if (n > longest_held_row<T>) {
      launch(context, cross_entropy_backward_long<T>, {dim3(grid_size(x.size(0)))}, LongRows{n, packed}, from, slopes,
             to);
    } else {
      const RowShape shape{x.size(0), static_cast<int>(n), packed};
      with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
        launch(context, cross_entropy_backward_held<T, packets>, size, shape, from, slopes, to);
      });
    }
  });
}

void mean_of_counted(CudaContext& context, const Tensor& losses, const Tensor& target, std::int64_t ignored,
                     Tensor& mean, Tensor& count) {
  if (losses.numel() == 0) {
    fill(context, 0, count);
    return fill(context, std::numeric_limits<double>::quiet_NaN(), mean);
  }
  visit_float(losses.dtype(), [&]<class A>() {
    const CountedMean<A> of{losses.data<A>(), target.data<std::int64_t>(), ignored, mean.data<A>(), count.data<A>()};
    reduce(context, of, losses.numel(), 1, ReduceOrder::count_is_inner);
  });
}

}  // namespace ebb::kernels
