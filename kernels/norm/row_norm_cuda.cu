#include "ebb/kernels/norm/row_norm.h"

#include <cmath>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/norm/moments.cuh"

namespace ebb::kernels {
namespace {

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
struct TwoMeans {
  T plain, along;
};

template <class T>
struct RowGradientMeans {
  using Value = TwoMeans<T>;
  const T *dy, *y;
  std::int64_t n;
  Value* means;

  __device__ Value identity() const { return {0, 0}; }
  __device__ Value load(std::int64_t i, std::int64_t row) const {
    const T value = dy[row * n + i];
    return {value, value * y[row * n + i]};
  }
  __device__ Value combine(const Value& a, const Value& b) const { return {a.plain + b.plain, a.along + b.along}; }
  __device__ void store(std::int64_t row, const Value& value) const {
    means[row] = {value.plain / static_cast<T>(n), value.along / static_cast<T>(n)};
  }
};

template <class T>
__global__ void apply(const T* x, const T* mean, const T* rstd, std::int64_t count, Divider n, T* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const std::int64_t row = n.quotient(i);
  y[i] = (x[i] - mean[row]) * rstd[row];
}

template <class T>
__global__ void apply_backward(const T* dy, const T* y, const T* rstd, const TwoMeans<T>* means, std::int64_t count,
                               Divider n, T* dx) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const std::int64_t row = n.quotient(i);
  dx[i] = rstd[row] * (dy[i] - means[row].plain - y[i] * means[row].along);
}

}  // namespace

void row_norm(CudaContext& context, const Tensor& x, double eps, Tensor& y, Tensor& rstd) {
  if (x.numel() == 0) return;
  Tensor mean = empty_like(rstd);
  visit_float(x.dtype(), [&]<class T>() {
    const RowMoments<T> moments{x.data<T>(), x.size(1), eps, mean.data<T>(), rstd.data<T>()};
    reduce(context, moments, x.size(1), x.size(0), ReduceOrder::count_is_inner);
    launch(context, apply<T>, threads_for(x.numel()), x.data<T>(), mean.data<T>(), rstd.data<T>(), x.numel(),
           Divider(x.size(1)), y.data<T>());
  });
}

void row_norm_backward(CudaContext& context, const Tensor& dy, const Tensor& y, const Tensor& rstd, Tensor& dx) {
  if (dy.numel() == 0) return;
  const Tensor scratch = allocate({2 * dy.size(0)}, dy.dtype(), dy.device());
  visit_float(dy.dtype(), [&]<class T>() {
    auto* means = reinterpret_cast<TwoMeans<T>*>(Tensor(scratch).raw_data());
    const RowGradientMeans<T> sums{dy.data<T>(), y.data<T>(), dy.size(1), means};
    reduce(context, sums, dy.size(1), dy.size(0), ReduceOrder::count_is_inner);
    launch(context, apply_backward<T>, threads_for(dy.numel()), dy.data<T>(), y.data<T>(), rstd.data<T>(), means,
           dy.numel(), Divider(dy.size(1)), dx.data<T>());
  });
}

}  // namespace ebb::kernels
