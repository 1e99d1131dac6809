#include "ebb/kernels/norm/batch_norm_own.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/norm/moments.cuh"

namespace ebb::kernels {
namespace {

template <class T>
struct ChannelMoments {
  using Value = Moments<T>;
  const T* x;
  std::int64_t channels;
  T *mean, *m2;

  __device__ Value identity() const { return {0, 0, 0}; }
  __device__ Value load(std::int64_t row, std::int64_t channel) const { return {1, x[row * channels + channel], 0}; }
  __device__ Value combine(const Value& a, const Value& b) const { return merged(a, b); }
  __device__ void store(std::int64_t channel, const Value& value) const {
    mean[channel] = value.mean;
    m2[channel] = value.m2;
  }
};

template <class T>
struct GradientSums {
  T s1, s2;
};

template <class T>
struct ChannelGradientSums {
  using Value = GradientSums<T>;
  const T *dy, *x, *mean;
  std::int64_t channels;
  T *s1, *s2;

  __device__ Value identity() const { return {0, 0}; }
  __device__ Value load(std::int64_t row, std::int64_t channel) const {
    const std::int64_t i = row * channels + channel;
    return {dy[i], dy[i] * (x[i] - mean[channel])};
  }
  __device__ Value combine(const Value& a, const Value& b) const { return {a.s1 + b.s1, a.s2 + b.s2}; }
  __device__ void store(std::int64_t channel, const Value& value) const {
    s1[channel] = value.s1;
    s2[channel] = value.s2;
  }
};

template <class T>
__global__ void apply(const T* x, const T* mean, const T* scale, const T* shift, std::int64_t count,
                      std::int64_t channels, T* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const std::int64_t c = i % channels;
  y[i] = (x[i] - mean[c]) * scale[c] + shift[c];
}

template <class T>
__global__ void apply_backward(const T* dy, const T* x, const T* mean, const T* a, const T* b, const T* c,
                               std::int64_t count, std::int64_t channels, T* dx) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const std::int64_t channel = i % channels;
  dx[i] = a[channel] * dy[i] + b[channel] * (x[i] - mean[channel]) + c[channel];
}

template <class Reduction>
void reduce_channels(CudaContext& context, const Tensor& x, const Reduction& reduction, Tensor& first, Tensor& second) {
  if (x.size(0) > 0) return reduce(context, reduction, x.size(0), x.size(1), ReduceOrder::output_is_inner);
  fill(context, 0, first);
  fill(context, 0, second);
}

}  // namespace

void own_stats(CudaContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  visit_float(x.dtype(), [&]<class T>() {
    const ChannelMoments<T> moments{x.data<T>(), x.size(1), mean.data<T>(), m2.data<T>()};
    reduce_channels(context, x, moments, mean, m2);
  });
}

void own_apply(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
               Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, apply<T>, threads_for(x.numel()), x.data<T>(), mean.data<T>(), scale.data<T>(), shift.data<T>(),
           x.numel(), x.size(1), y.data<T>());
  });
}

void own_backward_sums(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                       Tensor& s2) {
  visit_float(x.dtype(), [&]<class T>() {
    const ChannelGradientSums<T> sums{dy.data<T>(), x.data<T>(), mean.data<T>(), x.size(1), s1.data<T>(), s2.data<T>()};
    reduce_channels(context, x, sums, s1, s2);
  });
}

void own_backward_apply(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                        const Tensor& b, const Tensor& c, Tensor& dx) {
  visit_float(x.dtype(), [&]<class T>() {
    launch(context, apply_backward<T>, threads_for(x.numel()), dy.data<T>(), x.data<T>(), mean.data<T>(), a.data<T>(),
           b.data<T>(), c.data<T>(), x.numel(), x.size(1), dx.data<T>());
  });
}

}  // namespace ebb::kernels
