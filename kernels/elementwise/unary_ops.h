#pragma once

#include <cmath>
#include <type_traits>
#include <variant>

#include "ebb/core/dtype/scalar.h"
#include "ebb/kernels/elementwise/real_ops.h"
#include "ebb/kernels/host_device.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {

/// A number that an op applies to every element, in the element's type.
struct Immediate {
  explicit Immediate(Scalar s) : real(s.to<double>()), integer(s.to<std::int64_t>()) {}

  template <class T>
  EBB_HOST_DEVICE T as() const {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(real);
    } else {
      return static_cast<T>(integer);
    }
  }

  double real;
  std::int64_t integer;
};

// Each functor maps one element to one of the same type: one formula for both devices. Those of real_ops.h take a
// std::floating_point.

struct Neg {
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      return -x;  // -0 of 0
    } else {
      return subtracted(T(0), x);
    }
  }
};

struct Abs {
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(x);
    } else {
      return x < T(0) ? subtracted(T(0), x) : x;
    }
  }
};

struct Sign {  // 0 at 0 and at NaN
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x > T(0) ? T(1) : x < T(0) ? static_cast<T>(-1) : T(0);
  }
};

struct LogicalNot {
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return static_cast<T>(x == T(0));
  }
};

struct Relu {  // NaN stays
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x < T(0) ? T(0) : x;
  }
};

struct AddScalar {
  Immediate s;
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return added(x, s.as<T>());
  }
};

struct MulScalar {
  Immediate s;
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return multiplied(x, s.as<T>());
  }
};

struct SubtractFromScalar {
  Immediate s;
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return subtracted(s.as<T>(), x);
  }
};

struct DivScalar {
  Immediate s;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return x / s.as<T>();
  }
};

struct DivideScalar {
  Immediate s;
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return s.as<T>() / x;
  }
};

struct Clamp {  // NaN stays, and a bound of NaN gives NaN
  Immediate low, high;
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    const T a = low.as<T>(), b = high.as<T>();
    const T raised = x < a || a != a ? a : x;
    return raised > b || b != b ? b : raised;
  }
};

/// x to the power of a whole number, wrapping; of a negative one what is left of 1 / x^n.
template <class T>
EBB_HOST_DEVICE T integer_power(T x, std::int64_t exponent) {
  if (exponent < 0) return static_cast<T>(x == T(1) ? 1 : x == static_cast<T>(-1) ? (exponent % 2 != 0 ? -1 : 1) : 0);
  std::uint64_t power = 1, factor = static_cast<std::uint64_t>(x);
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0) power *= factor;
    factor *= factor;
  }
  return static_cast<T>(power);
}

struct PowScalar {
  Immediate exponent;
  template <class T>
  EBB_HOST_DEVICE T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (exponent.real == 2.0) return x * x;
      if (exponent.real == 0.5) return std::sqrt(x);
      if (exponent.real == -0.5) return T(1) / std::sqrt(x);
      return static_cast<T>(std::pow(x, static_cast<T>(exponent.real)));
    } else {
      return integer_power(x, exponent.integer);
    }
  }
};

using UnaryOp =
    std::variant<Neg, Abs, Sign, LogicalNot, Relu, AddScalar, MulScalar, SubtractFromScalar, DivScalar, DivideScalar,
                 Clamp, PowScalar, Reciprocal, Exp, Log, Log1p, Sqrt, Rsqrt, Sin, Cos, Tanh, Sigmoid, Expm1, Log2,
                 Log10, Tan, Asin, Acos, Atan, Sinh, Cosh, Erf, Floor, Ceil, Round, Trunc>;

}  // namespace ebb::kernels
