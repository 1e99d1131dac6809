#include "ebb/kernels/norm/row_norm.h"

#include <cmath>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/held_row.cuh"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/norm/moments.cuh"

namespace ebb::kernels {
namespace {

template <class T>
struct TwoSums {
  T plain, along;

  __device__ static TwoSums of_both(const TwoSums& a, const TwoSums& b) {
    return {a.plain + b.plain, a.along + b.along};
  }
};

/// Rows that fit into registers.
template <class T, int packets>
__global__ void normalize_held(RowShape shape, double eps, const T* x, T* y, T* rstd) {
  using A = ComputeOf<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row(x, own, T(0));
  const auto plus = [](A a, A b) { return a + b; };
  const A n = static_cast<A>(shape.n);
  A sum = 0, squares = 0;
  for_each_held<T, packets>([&](int p, int k, int) { sum += row(p, k); });
  const A mean = combine_row(sum, plus) / n;
  for_each_held<T, packets>([&](int p, int k, int place) {
    const A deviation = place < own.n ? row(p, k) - mean : A(0);
    squares += deviation * deviation;
  });
  const A scale = A(1) / std::sqrt(combine_row(squares, plus) / n + static_cast<A>(eps));
  if (own.exists && threadIdx.x == 0) rstd[own.row] = static_cast<T>(scale);
  store_held<T, packets>(y, own, [&](int p, int k, int) { return (row(p, k) - mean) * scale; });
}

template <class T, int packets>
__global__ void normalize_backward_held(RowShape shape, const T* dy, const T* y, const T* rstd, T* dx) {
  using A = ComputeOf<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row_dy(dy, own, T(0)), row_y(y, own, T(0));
  TwoSums<A> sums{0, 0};
  for_each_held<T, packets>([&](int p, int k, int) {
    sums.plain += row_dy(p, k);
    sums.along += row_dy(p, k) * row_y(p, k);
  });
  sums = combine_row(sums, TwoSums<A>::of_both);
  const A n = static_cast<A>(shape.n), mean = sums.plain / n, along = sums.along / n;
  const A scale = own.exists ? static_cast<A>(rstd[own.row]) : A(0);
  store_held<T, packets>(dx, own,
                         [&](int p, int k, int) { return scale * (row_dy(p, k) - mean - row_y(p, k) * along); });
}

// Longer rows: what is to be known of each is reduced first, by as many blocks as its length asks for.

template <class T>
struct RowMoments {
  using Value = Moments<T>;
  const T* x;
  std::int64_t n;
  double eps;
  T *mean, *rstd;

  __device__ Value identity() const { return {0, 0, 0}; }
  __device__ Value load(std::int64_t i, std::int64_t row) const { return {1, x[row * n + i], 0}; }
  __device__ Value combine(const Value& a, const Value& b) const { return merged(a, b); }
  __device__ void store(std::int64_t row, const Value& value) const {
    mean[row] = value.mean;
    rstd[row] = T(1) / std::sqrt(value.m2 / static_cast<T>(n) + static_cast<T>(eps));
  }
};

template <class T>
struct RowGradientMeans {
  using Value = TwoSums<T>;
  const T *dy, *y;
  std::int64_t n;
  Value* means;

  __device__ Value identity() const { return {0, 0}; }
  __device__ Value load(std::int64_t i, std::int64_t row) const {
    const T value = dy[row * n + i];
    return {value, value * y[row * n + i]};
  }
  __device__ Value combine(const Value& a, const Value& b) const { return Value::of_both(a, b); }
  __device__ void store(std::int64_t row, const Value& value) const {
    means[row] = {value.plain / static_cast<T>(n), value.along / static_cast<T>(n)};
  }
};

template <class T>
__global__ void normalize(const T* x, const T* mean, const T* rstd, std::int64_t count, Divider n, T* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const std::int64_t row = n.quotient(i);
  y[i] = (x[i] - mean[row]) * rstd[row];
}

template <class T>
__global__ void normalize_backward(const T* dy, const T* y, const T* rstd, const TwoSums<T>* means, std::int64_t count,
                                   Divider n, T* dx) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const std::int64_t row = n.quotient(i);
  dx[i] = rstd[row] * (dy[i] - means[row].plain - y[i] * means[row].along);
}

template <class T>
void normalize_long(CudaContext& context, const Tensor& x, double eps, Tensor& y, Tensor& rstd) {
  Tensor mean = empty_like(rstd);
  const RowMoments<T> moments{x.data<T>(), x.size(1), eps, mean.data<T>(), rstd.data<T>()};
  reduce(context, moments, x.size(1), x.size(0), ReduceOrder::count_is_inner);
  launch(context, normalize<T>, threads_for(x.numel()), x.data<T>(), mean.data<T>(), rstd.data<T>(), x.numel(),
         Divider(x.size(1)), y.data<T>());
}

template <class T>
void normalize_backward_long(CudaContext& context, const Tensor& dy, const Tensor& y, const Tensor& rstd, Tensor& dx) {
  Tensor scratch = allocate({2 * dy.size(0)}, dy.dtype(), dy.device());
  auto* means = reinterpret_cast<TwoSums<T>*>(scratch.raw_data());
  const RowGradientMeans<T> sums{dy.data<T>(), y.data<T>(), dy.size(1), means};
  reduce(context, sums, dy.size(1), dy.size(0), ReduceOrder::count_is_inner);
  launch(context, normalize_backward<T>, threads_for(dy.numel()), dy.data<T>(), y.data<T>(), rstd.data<T>(), means,
         dy.numel(), Divider(dy.size(1)), dx.data<T>());
}

}  // namespace

void row_norm(CudaContext& context, const Tensor& x, double eps, Tensor& y, Tensor& rstd) {
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T *to = y.data<T>(), *scale = rstd.data<T>();
    if (x.size(1) > longest_held_row<T>) return normalize_long<T>(context, x, eps, y, rstd);
    const RowShape shape{x.size(0), static_cast<int>(x.size(1)), are_packed(x.size(1), from, to)};
    with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
      launch(context, normalize_held<T, packets>, size, shape, eps, from, to, scale);
    });
  });
}

void row_norm_backward(CudaContext& context, const Tensor& dy, const Tensor& y, const Tensor& rstd, Tensor& dx) {
  if (dy.numel() == 0) return;
  visit_float(dy.dtype(), [&]<class T>() {
    const T *from = dy.data<T>(), *rows = y.data<T>();
    T* to = dx.data<T>();
    if (dy.size(1) > longest_held_row<T>) return normalize_backward_long<T>(context, dy, y, rstd, dx);
    const RowShape shape{dy.size(0), static_cast<int>(dy.size(1)), are_packed(dy.size(1), from, rows, to)};
    with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
      launch(context, normalize_backward_held<T, packets>, size, shape, from, rows, rstd.data<T>(), to);
    });
  });
}

}  // namespace ebb::kernels
