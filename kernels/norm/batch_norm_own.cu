#include "ebb/kernels/norm/batch_norm_own.h"

#include <cmath>
#include <type_traits>
#include <utility>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/visit_packet.cuh"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/norm/batch_norm_composed.h"
#include "ebb/kernels/norm/batch_norm_sums.cuh"
#include "ebb/kernels/norm/channel_maps.cuh"

namespace ebb::kernels {
namespace {

using channels::Deviation;
using channels::GivenCoefficients;
using channels::GradientSums;
using channels::KeepsAll;
using channels::KeepsPositive;
using channels::KeepsWherePositive;
using channels::launch_map;
using channels::launch_sums;
using channels::Moments;
using channels::Normalize;
using channels::NormalizeBackward;
using channels::TrainingCoefficients;

template <class T>
struct StorePair {
  T *first, *second;
  __device__ void operator()(std::int64_t channel, T a, T b) const {
    first[channel] = a;
    second[channel] = b;
  }
};

/// A running statistic, which may be undefined or have any stride.
template <class T>
struct Running {
  explicit Running(Tensor& t) : data(t.defined() ? t.data<T>() : nullptr), stride(t.defined() ? t.stride(0) : 0) {}
  T* data;
  std::int64_t stride;

  __device__ void move(std::int64_t channel, T towards, T momentum) const {
    if (data == nullptr) return;
    T& running = data[channel * stride];
    running = running * (T(1) - momentum) + momentum * towards;
  }
};

/// What training makes of a channel's moments: what backward needs, and the running statistics.
template <class T>
struct FinishTraining {
  double rows, eps;
  T momentum;
  T *mean, *inverse;
  Running<T> running_mean, running_var;
  std::int64_t* count;

  __device__ void operator()(std::int64_t channel, T middle, T m2) const {
    if (count != nullptr && channel == 0) ++*count;
    mean[channel] = middle;
    inverse[channel] = T(1) / std::sqrt(m2 / static_cast<T>(rows) + static_cast<T>(eps));
    running_mean.move(channel, middle, momentum);
    running_var.move(channel, m2 / static_cast<T>(rows - 1), momentum);
  }
};

template <class T>
struct FinishGradients {
  const T* inverse;
  T *dscale, *dshift;
  __device__ void operator()(std::int64_t channel, T sum, T product) const {
    dshift[channel] = sum;
    dscale[channel] = product * inverse[channel];
  }
};

/// Whether the kernel can move the running statistics.
bool has_dtype(const Tensor& running, DType dtype) { return !running.defined() || running.dtype() == dtype; }

/// Calls `body` with whether there is a residual and a ReLU, as constants.
template <class Body>
void visit_tail(const NormTail& tail, Body&& body) {
  const auto with_relu = [&](auto has_residual) {
    tail.relu ? body(has_residual, std::true_type()) : body(has_residual, std::false_type());
  };
  tail.residual.defined() ? with_relu(std::true_type()) : with_relu(std::false_type());
}

template <class T>
const T* data_or_null(const Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}

template <class T, Deviation kind, int n>
void normalize(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& deviation,
               const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  visit_tail(tail, [&](auto has_residual, auto has_relu) {
    const Normalize<T, kind, decltype(has_residual)::value, decltype(has_relu)::value> map{
        x.data<T>(),     mean.data<T>(),
        scale.data<T>(), data_or_null<T>(deviation),
        shift.data<T>(), data_or_null<T>(tail.residual),
        y.data<T>(),     static_cast<T>(eps)};
    launch_map<n>(context, x.numel() / x.size(1), x.size(1), map);
  });
}

template <class T, int n>
void forward(CudaContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
             const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  const std::int64_t channels = x.size(1), rows = x.numel() / channels;
  const FinishTraining<T> finish{
      static_cast<double>(rows),        eps,
      static_cast<T>(running.momentum), saved.mean.data<T>(),
      saved.inverse.data<T>(),          Running<T>(running.mean),
      Running<T>(running.var),          running.count.defined() ? running.count.data<std::int64_t>() : nullptr};
  launch_sums<n, T>(context, rows, channels, Moments<T, n>{x.data<T>(), channels}, finish);
  normalize<T, Deviation::inverse, n>(context, x, saved.mean, scale, saved.inverse, shift, 0, tail, y);
}

/// The gradients of scale and shift. Where that of the residual is wanted, it is what Mask leaves of dy.
template <class T, int n, bool stores, class Mask>
void sum_gradients(CudaContext& context, const Tensor& dy, const Tensor& x, const BatchStatistics& saved,
                   const Mask& mask, BatchNormGradients& g) {
  const std::int64_t channels = x.size(1);
  const GradientSums<T, n, Mask, stores> sums{dy.data<T>(), x.data<T>(), saved.mean.data<T>(),
                                              mask,         channels,    stores ? g.dresidual.data<T>() : nullptr};
  const FinishGradients<T> finish{saved.inverse.data<T>(), g.dscale.data<T>(), g.dshift.data<T>()};
  launch_sums<n, T>(context, x.numel() / channels, channels, sums, finish);
}

template <class T, int n, class Mask>
void map_gradients(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                   const BatchStatistics& saved, const Mask& mask, BatchNormGradients& g) {
  const std::int64_t rows = x.numel() / x.size(1);
  const TrainingCoefficients<T> coefficients{scale.data<T>(), saved.inverse.data<T>(),
                                             std::as_const(g.dscale).data<T>(), std::as_const(g.dshift).data<T>(),
                                             T(1) / static_cast<T>(rows)};
  const NormalizeBackward<T, TrainingCoefficients<T>, Mask> map{dy.data<T>(), x.data<T>(), saved.mean.data<T>(),
                                                                coefficients, mask,        g.dx.data<T>()};
  launch_map<n>(context, rows, x.size(1), map);
}

template <class T, int n, class Mask>
void backward(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
              const BatchStatistics& saved, const Mask& mask, BatchNormGradients& g) {
  sum_gradients<T, n, false>(context, dy, x, saved, mask, g);
  map_gradients<T, n>(context, dy, x, scale, saved, mask, g);
}

/// y is read once: what it leaves of dy is the residual's gradient, from which that of x is made.
template <class T, int n>
void backward_with_residual(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                            const BatchStatistics& saved, const Tensor& y, BatchNormGradients& g) {
  const KeepsWherePositive<T> mask{y.data<T>()};
  if (!g.dresidual.defined()) return backward<T, n>(context, dy, x, scale, saved, mask, g);
  sum_gradients<T, n, true>(context, dy, x, saved, mask, g);
  map_gradients<T, n>(context, g.dresidual, x, scale, saved, KeepsAll<T>(), g);
}

}  // namespace

void own_norm_forward(CudaContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                      const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  if (!has_dtype(running.mean, x.dtype()) || !has_dtype(running.var, x.dtype())) {
    return composed::forward(context, x, scale, shift, eps, tail, running, saved, y);
  }
  visit_float(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      forward<T, decltype(packet)::value>(context, x, scale, shift, eps, tail, running, saved, y);
    };
    visit_packet<T>(x.size(1), run, x, scale, shift, saved.mean, saved.inverse, tail.residual, y);
  });
}

void own_norm_backward(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                       const BatchStatistics& saved, double, const NormResult& result, BatchNormGradients& g) {
  visit_float(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      if (!result.y.defined()) {
        backward<T, n>(context, dy, x, scale, saved, KeepsAll<T>(), g);
      } else if (result.has_residual) {
        backward_with_residual<T, n>(context, dy, x, scale, saved, result.y, g);
      } else {  // y is computed again from x, which is at hand
        const KeepsPositive<T> mask{scale.data<T>(), saved.inverse.data<T>(), result.shift.data<T>()};
        backward<T, n>(context, dy, x, scale, saved, mask, g);
      }
    };
    visit_packet<T>(x.size(1), run, dy, x, scale, saved.mean, saved.inverse, result.y, result.shift, g.dx, g.dscale,
                    g.dshift, g.dresidual);
  });
}

void own_norm_inference(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& var,
                        const Tensor& scale, const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      normalize<T, Deviation::variance, decltype(packet)::value>(context, x, mean, scale, var, shift, eps, tail, y);
    };
    visit_packet<T>(x.size(1), run, x, mean, var, scale, shift, tail.residual, y);
  });
}

void own_stats(CudaContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  if (x.numel() == 0) {
    fill(context, 0, mean);
    return fill(context, 0, m2);
  }
  visit_float(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      launch_sums<n, T>(context, x.size(0), x.size(1), Moments<T, n>{x.data<T>(), x.size(1)},
                        StorePair<T>{mean.data<T>(), m2.data<T>()});
    };
    visit_packet<T>(x.size(1), run, x);
  });
}

void own_apply(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
               Tensor& y) {
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      normalize<T, Deviation::none, decltype(packet)::value>(context, x, mean, scale, {}, shift, 0, {}, y);
    };
    visit_packet<T>(x.size(1), run, x, mean, scale, shift, y);
  });
}

void own_backward_sums(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                       Tensor& s2) {
  if (x.numel() == 0) {
    fill(context, 0, s1);
    return fill(context, 0, s2);
  }
  visit_float(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      const GradientSums<T, n, KeepsAll<T>> sums{dy.data<T>(), x.data<T>(), mean.data<T>(), {}, x.size(1)};
      launch_sums<n, T>(context, x.size(0), x.size(1), sums, StorePair<T>{s1.data<T>(), s2.data<T>()});
    };
    visit_packet<T>(x.size(1), run, dy, x, mean);
  });
}

void own_backward_apply(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                        const Tensor& b, const Tensor& c, Tensor& dx) {
  visit_float(x.dtype(), [&]<class T>() {
    const NormalizeBackward<T, GivenCoefficients<T>, KeepsAll<T>> map{
        dy.data<T>(), x.data<T>(), mean.data<T>(), {a.data<T>(), b.data<T>(), c.data<T>()}, {}, dx.data<T>()};
    const auto run = [&](auto packet) { launch_map<decltype(packet)::value>(context, x.size(0), x.size(1), map); };
    visit_packet<T>(x.size(1), run, dy, x, mean, a, b, c, dx);
  });
}

}  // namespace ebb::kernels
