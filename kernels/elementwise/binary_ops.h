#pragma once

#include <cmath>
#include <type_traits>
#include <variant>

#include "ebb/kernels/elementwise/unary_ops.h"

namespace ebb::kernels {

// Each functor maps two elements of one type to one: one formula for both devices.

struct Add {
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    return added(a, b);
  }
};

struct AddScaled {  // a + alpha b
  Immediate alpha;
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return a + alpha.as<T>() * b;  // in one expression: the compiler may contract it
    } else {
      return added(a, multiplied(alpha.as<T>(), b));
    }
  }
};

struct Sub {
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    return subtracted(a, b);
  }
};

struct Mul {
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    return multiplied(a, b);
  }
};

struct Div {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    return a / b;
  }
};

struct Pow {
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::pow(a, b);
    } else {
      return integer_power(a, static_cast<std::int64_t>(b));
    }
  }
};

struct Maximum {  // NaN wins
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};

struct Minimum {  // NaN wins
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

struct ReluBackward {  // (dy, y); where y is NaN the gradient passes
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T dy, T y) const {
    return y <= T(0) ? T(0) : dy;
  }
};

struct Fmod {  // of the sign of a, as in C
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fmod(a, b);
    } else {
      return static_cast<T>(b == T(0) || b == static_cast<T>(-1) ? 0 : a % b);
    }
  }
};

struct Remainder {  // of the sign of b, as in Python
  template <class T>
  EBB_HOST_DEVICE T operator()(T a, T b) const {
    const T rest = Fmod()(a, b);
    return rest != T(0) && (rest < T(0)) != (b < T(0)) ? static_cast<T>(rest + b) : rest;
  }
};

using BinaryOp = std::variant<Add, AddScaled, Sub, Mul, Div, Pow, Maximum, Minimum, ReluBackward, Fmod, Remainder>;

struct Equal {
  template <class T>
  EBB_HOST_DEVICE bool operator()(T a, T b) const {
    return a == b;
  }
};

struct NotEqual {
  template <class T>
  EBB_HOST_DEVICE bool operator()(T a, T b) const {
    return a != b;
  }
};

struct Less {
  template <class T>
  EBB_HOST_DEVICE bool operator()(T a, T b) const {
    return a < b;
  }
};

struct LessEqual {
  template <class T>
  EBB_HOST_DEVICE bool operator()(T a, T b) const {
    return a <= b;
  }
};

using CompareOp = std::variant<Equal, NotEqual, Less, LessEqual>;  // a > b is b < a

}  // namespace ebb::kernels
