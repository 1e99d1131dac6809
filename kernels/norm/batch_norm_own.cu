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

/// A running statistic, which may be undefined or have any stride, of elements T or what they are computed in.
template <class T>
struct Running {
  using Number = OpMath<T>;
  explicit Running(Tensor& t) {
    if (!t.defined()) return;
    stride = t.stride(0);
    if (t.dtype() == dtype_of<T>) {
      data = t.data<T>();
    } else {
      wide = t.data<Number>();
    }
  }
  T* data = nullptr;
  Number* wide = nullptr;
  std::int64_t stride = 0;

  __device__ void move(std::int64_t channel, Number towards, Number momentum) const {
    const std::int64_t at = channel * stride;
    if (data != nullptr) {
      data[at] = rounded<T>(widened(data[at]) * (Number(1) - momentum) + momentum * towards);
    } else if (wide != nullptr) {
      wide[at] = wide[at] * (Number(1) - momentum) + momentum * towards;
    }
  }
};

/// What training makes of a channel's moments: what backward needs, and the running statistics.
template <class T>
struct FinishTraining {
  using Number = OpMath<T>;
  double rows, eps;
  Number momentum;
  Number *mean, *inverse;
  Running<T> running_mean, running_var;
  std::int64_t* count;

  __device__ void operator()(std::int64_t channel, Number middle, Number m2) const {
    if (count != nullptr && channel == 0) ++*count;
    mean[channel] = middle;
    inverse[channel] = Number(1) / std::sqrt(m2 / static_cast<Number>(rows) + static_cast<Number>(eps));
    running_mean.move(channel, middle, momentum);
    running_var.move(channel, m2 / static_cast<Number>(rows - 1), momentum);
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
bool can_move(const Tensor& running, DType of_x) {
  return !running.defined() || running.dtype() == of_x || running.dtype() == opmath_type(of_x);
}

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

template <class T, int n>
void normalize(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale, Deviation kind,
               const Tensor& deviation, const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  using Number = OpMath<T>;
  visit_tail(tail, [&](auto has_residual, auto has_relu) {
    const Normalize<T, decltype(has_residual)::value, decltype(has_relu)::value> map{x.data<T>(),
                                                                                     mean.data<Number>(),
                                                                                     scale.data<Number>(),
                                                                                     kind,
                                                                                     deviation.data<Number>(),
                                                                                     shift.data<Number>(),
                                                                                     data_or_null<T>(tail.residual),
                                                                                     y.data<T>(),
                                                                                     static_cast<Number>(eps)};
    launch_map<n>(context, x.numel() / x.size(1), x.size(1), map);
  });
}

template <class T, int n>
void forward(CudaContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
             const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  const std::int64_t channels = x.size(1), rows = x.numel() / channels;
  using Number = OpMath<T>;
  const FinishTraining<T> finish{static_cast<double>(rows),
                                 eps,
                                 static_cast<Number>(running.momentum),
                                 saved.mean.data<Number>(),
                                 saved.inverse.data<Number>(),
                                 Running<T>(running.mean),
                                 Running<T>(running.var),
                                 running.count.defined() ? running.count.data<std::int64_t>() : nullptr};
  launch_sums<n, Number>(context, rows, channels, Moments<T, n>{x.data<T>(), channels}, finish);
  normalize<T, n>(context, x, saved.mean, scale, Deviation::inverse, saved.inverse, shift, 0, tail, y);
}

/// The gradients of scale and shift. Where that of the residual is wanted, it is what Mask leaves of dy.
template <class T, int n, bool stores, class Mask>
void sum_gradients(CudaContext& context, const Tensor& dy, const Tensor& x, const BatchStatistics& saved,
                   const Mask& mask, BatchNormGradients& g) {
  const std::int64_t channels = x.size(1);
  using Number = OpMath<T>;
  const GradientSums<T, n, Mask, stores> sums{dy.data<T>(), x.data<T>(), saved.mean.data<Number>(),
                                              mask,         channels,    stores ? g.dresidual.data<T>() : nullptr};
  const FinishGradients<Number> finish{saved.inverse.data<Number>(), g.dscale.data<Number>(), g.dshift.data<Number>()};
  launch_sums<n, Number>(context, x.numel() / channels, channels, sums, finish);
}

template <class T, int n, class Mask>
void map_gradients(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                   const BatchStatistics& saved, const Mask& mask, BatchNormGradients& g) {
  const std::int64_t rows = x.numel() / x.size(1);
  using Number = OpMath<T>;
  const TrainingCoefficients<Number> coefficients{
      scale.data<Number>(), saved.inverse.data<Number>(), std::as_const(g.dscale).data<Number>(),
      std::as_const(g.dshift).data<Number>(), Number(1) / static_cast<Number>(rows)};
  const NormalizeBackward<T, TrainingCoefficients<Number>, Mask> map{
      dy.data<T>(), x.data<T>(), saved.mean.data<Number>(), coefficients, mask, g.dx.data<T>()};
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
  map_gradients<T, n>(context, g.dresidual, x, scale, saved, KeepsAll<OpMath<T>>(), g);
}

}  // namespace

void own_norm_forward(CudaContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                      const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  if (!can_move(running.mean, x.dtype()) || !can_move(running.var, x.dtype())) {
    return composed::forward(context, x, scale, shift, eps, tail, running, saved, y);
  }
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      forward<T, decltype(packet)::value>(context, x, scale, shift, eps, tail, running, saved, y);
    };
    visit_packet<T>(x.size(1), run, x, scale, shift, saved.mean, saved.inverse, tail.residual, y);
  });
}

void own_norm_backward(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                       const BatchStatistics& saved, double, const NormResult& result, BatchNormGradients& g) {
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      if (!result.y.defined()) {
        backward<T, n>(context, dy, x, scale, saved, KeepsAll<OpMath<T>>(), g);
      } else if (result.has_residual) {
        backward_with_residual<T, n>(context, dy, x, scale, saved, result.y, g);
      } else {  // y is computed again from x, which is at hand
        const KeepsPositive<OpMath<T>> mask{scale.data<OpMath<T>>(), saved.inverse.data<OpMath<T>>(),
                                            result.shift.data<OpMath<T>>()};
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
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      normalize<T, decltype(packet)::value>(context, x, mean, scale, Deviation::variance, var, shift, eps, tail, y);
    };
    visit_packet<T>(x.size(1), run, x, mean, var, scale, shift, tail.residual, y);
  });
}

void own_stats(CudaContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  if (x.numel() == 0) {
    fill(context, 0, mean);
    return fill(context, 0, m2);
  }
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      using Number = OpMath<T>;
      launch_sums<n, Number>(context, x.size(0), x.size(1), Moments<T, n>{x.data<T>(), x.size(1)},
                             StorePair<Number>{mean.data<Number>(), m2.data<Number>()});
    };
    visit_packet<T>(x.size(1), run, x);
  });
}

void own_apply(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
               Tensor& y) {
  if (x.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      normalize<T, decltype(packet)::value>(context, x, mean, scale, Deviation::none, scale, shift, 0, {}, y);
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
  visit_floating(x.dtype(), [&]<class T>() {
    const auto run = [&](auto packet) {
      constexpr int n = decltype(packet)::value;
      using Number = OpMath<T>;
      const GradientSums<T, n, KeepsAll<Number>> sums{dy.data<T>(), x.data<T>(), mean.data<Number>(), {}, x.size(1)};
      launch_sums<n, Number>(context, x.size(0), x.size(1), sums,
                             StorePair<Number>{s1.data<Number>(), s2.data<Number>()});
    };
    visit_packet<T>(x.size(1), run, dy, x, mean);
  });
}

void own_backward_apply(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                        const Tensor& b, const Tensor& c, Tensor& dx) {
  visit_floating(x.dtype(), [&]<class T>() {
    using Number = OpMath<T>;
    const GivenCoefficients<Number> coefficients{a.data<Number>(), b.data<Number>(), c.data<Number>()};
    const NormalizeBackward<T, GivenCoefficients<Number>, KeepsAll<Number>> map{
        dy.data<T>(), x.data<T>(), mean.data<Number>(), coefficients, {}, dx.data<T>()};
    const auto run = [&](auto packet) { launch_map<decltype(packet)::value>(context, x.size(0), x.size(1), map); };
    visit_packet<T>(x.size(1), run, dy, x, mean, a, b, c, dx);
  });
}

}  // namespace ebb::kernels
