#pragma once

#include <cmath>
#include <concepts>
#include <variant>

#include "ebb/kernels/elementwise/real_math.h"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

// Each functor is a function f of one real, and its gradient: op(x) = f(x), op(dy, x) = dy f'(x). One formula for both
// devices. At points without a derivative, and at NaN, the gradient is PyTorch's.

struct LeakyRelu {
  double slope;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x > T(0) ? x : x * static_cast<T>(slope);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    return x > T(0) ? dy : dy * static_cast<T>(slope);
  }
};

struct Elu {  // scale x where x > 0, limit (exp(rate x) - 1) elsewhere
  double scale, limit, rate;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x <= T(0) ? static_cast<T>(limit) * real::expm1(x * static_cast<T>(rate)) : x * static_cast<T>(scale);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    return x <= T(0) ? dy * static_cast<T>(limit * rate) * real::exp(x * static_cast<T>(rate))
                     : dy * static_cast<T>(scale);
  }
};

struct Gelu {  // x times the normal distribution's probability of less than x
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x * real::normal_probability(x);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    constexpr T root_of_2_pi_reciprocal = T(0.3989422804014327);
    return dy * (real::normal_probability(x) + x * root_of_2_pi_reciprocal * real::exp(T(-0.5) * x * x));
  }
};

struct GeluTanh {  // x (1 + tanh(u)) / 2 = x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
  static constexpr double root = 0.7978845608028654, cubic = 0.044715;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x / (T(1) + real::exp(-twice_u(x)));
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    const T v = twice_u(x), e = real::exp(-v), s = T(1) / (T(1) + e), dv = T(2 * root) * (T(1) + T(3 * cubic) * x * x);
    const T others = v > T(0) ? e * s : T(1) - s;  // 1 - s, where it does not cancel
    return dy * (s + x * s * others * dv);
  }

 private:
  template <class T>
  EBB_HOST_DEVICE static T twice_u(T x) {
    return T(2 * root) * (x + T(cubic) * x * x * x);
  }
};

struct Silu {  // x sigmoid(x)
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x / (T(1) + real::exp(-x));
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    const T s = T(1) / (T(1) + real::exp(-x));
    return dy * s * (T(1) + x * (T(1) - s));
  }
};

struct Softplus {  // log(1 + exp(beta x)) / beta; x itself where beta x > threshold
  double beta, threshold;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    const T z = x * static_cast<T>(beta);
    return z > static_cast<T>(threshold) ? x : real::log1p_exp(z) / static_cast<T>(beta);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    const T z = x * static_cast<T>(beta);
    return z > static_cast<T>(threshold) ? dy : dy / (T(1) + real::exp(-z));
  }
};

struct LogSigmoid {  // -log(1 + exp(-x))
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return -real::log1p_exp(-x);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    return dy / (T(1) + real::exp(x));
  }
};

struct Mish {  // x tanh(log(1 + e)), e = exp(x); the tanh is n / (n + 2) with n = (1 + e)^2 - 1
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    const T e = limited_exp(x), n = e * (e + T(2));
    return x * (n / (n + T(2)));
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    const T e = limited_exp(x), n = e * (e + T(2)), scale = T(1) / (n + T(2));
    const T rest = x > T(limit) ? T(0) : T(4) * e * (T(1) + e) * scale * scale;
    return dy * (n * scale + x * rest);
  }

 private:
  static constexpr double limit = 40;  // beyond, the function is x
  template <class T>
  EBB_HOST_DEVICE static T limited_exp(T x) {
    return real::exp(x > T(limit) ? T(limit) : x);
  }
};

struct Hardswish {  // x clamp(x + 3, 0, 6) / 6
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    const T raised = x + T(3), positive = raised < T(0) ? T(0) : raised;
    return x * (positive > T(6) ? T(6) : positive) / T(6);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    if (x <= T(-3)) return T(0);
    return x < T(3) ? dy * (x / T(3) + T(0.5)) : dy;
  }
};

struct Hardsigmoid {  // clamp(x + 3, 0, 6) / 6
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    const T raised = x + T(3), positive = raised < T(0) ? T(0) : raised;
    return (positive > T(6) ? T(6) : positive) / T(6);
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    return x > T(-3) && x < T(3) ? dy / T(6) : T(0);
  }
};

struct Hardtanh {  // clamp(x, low, high)
  double low, high;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    const T raised = x < static_cast<T>(low) ? static_cast<T>(low) : x;
    return raised > static_cast<T>(high) ? static_cast<T>(high) : raised;
  }
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T x) const {
    return x <= static_cast<T>(low) || x >= static_cast<T>(high) ? T(0) : dy;
  }
};

using ActivationOp =
    std::variant<LeakyRelu, Elu, Gelu, GeluTanh, Silu, Softplus, LogSigmoid, Mish, Hardswish, Hardsigmoid, Hardtanh>;

}  // namespace ebb::kernels
