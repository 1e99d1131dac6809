#pragma once

#include <cmath>
#include <concepts>
#include <variant>

#include "ebb/kernels/elementwise/real_math.h"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

// Each functor is a loss f of an input and its target, and its gradient: op(x, t) = f(x, t), op(dy, x, t) = dy df/dx.
// One formula for both devices.

struct SquaredError {  // (x - t)^2
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x, T t) const {
    return (x - t) * (x - t);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x, T t) const {
    return dy * T(2) * (x - t);
  }
};

struct AbsoluteError {  // |x - t|
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x, T t) const {
    return std::fabs(x - t);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x, T t) const {
    const T d = x - t;
    return dy * (d > T(0) ? T(1) : d < T(0) ? T(-1) : T(0));
  }
};

struct Huber {  // scale d^2 / 2 where |d| < delta, scale delta (|d| - delta / 2) beyond, of d = x - t
  double delta, scale;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x, T t) const {
    const T size = std::fabs(x - t), limit = static_cast<T>(delta);
    return static_cast<T>(scale) * (size < limit ? T(0.5) * size * size : limit * (size - T(0.5) * limit));
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x, T t) const {
    const T d = x - t, limit = static_cast<T>(delta), limited = d < -limit ? -limit : d > limit ? limit : d;
    return dy * static_cast<T>(scale) * limited;
  }
};

/// -(t log(x) + (1 - t) log(1 - x)), with logarithms of at least -100. NaN where x is not in [0, 1].
struct BinaryCrossEntropy {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x, T t) const {
    return (t - T(1)) * limited(real::log1p(-x)) - t * limited(real::log(x));
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x, T t) const {
    const T variance = (T(1) - x) * x, least = T(1e-12);
    return dy * (x - t) / (variance < least ? least : variance);
  }

 private:
  template <class T>
  EBB_HOST_DEVICE static T limited(T logarithm) {
    return logarithm < T(-100) ? T(-100) : logarithm;
  }
};

/// The same of sigmoid(x), for any x: no two large terms cancel on either side of 0.
struct BinaryCrossEntropyWithLogits {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x, T t) const {
    return (x > T(0) ? (T(1) - t) * x : -t * x) + real::log1p_exp(-std::fabs(x));
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x, T t) const {
    const T e = real::exp(-std::fabs(x)), tail = e / (T(1) + e);  // sigmoid(-|x|)
    return dy * (x > T(0) ? (T(1) - t) - tail : tail - t);
  }
};

using LossOp = std::variant<SquaredError, AbsoluteError, Huber, BinaryCrossEntropy, BinaryCrossEntropyWithLogits>;

/// scale dy df/dx of a loss f
template <class Op>
struct LossGradient {
  Op op;
  double scale;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x, T t) const {
    return op(dy * static_cast<T>(scale), x, t);
  }
};

}  // namespace ebb::kernels
