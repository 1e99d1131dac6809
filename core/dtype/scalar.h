#pragma once

#include <concepts>
#include <cstdint>

#include "ebb/core/dtype/dtype.h"

namespace ebb {

/// A number given to an op: remembers whether it was written as a bool, an integer or a real, which decides the
/// result's type (an int64 tensor times 2 stays int64, times 2.0 becomes float32).
class Scalar {
 public:
  template <std::integral T>  // bool among them, without what converts to it: x == "text" must not compile
  constexpr Scalar(T value)
      : real_(static_cast<double>(value)),
        integer_(static_cast<std::int64_t>(value)),
        dtype_(std::same_as<T, bool> ? kBool : kInt64) {}
  template <std::floating_point T>
  constexpr Scalar(T value) : real_(static_cast<double>(value)), dtype_(kFloat64) {}

  /// kBool, kInt64 or kFloat64.
  constexpr DType dtype() const { return dtype_; }

  template <class T>
  constexpr T to() const {
    if (dtype_ != kFloat64) return static_cast<T>(integer_);
    if constexpr (std::integral<T> && !std::same_as<T, bool>) return static_cast<T>(nearest_integer());
    return static_cast<T>(real_);
  }

 private:
  /// Towards zero; the ends of int64's range for what lies beyond, 0 for NaN: a cast of those has no meaning in C++.
  constexpr std::int64_t nearest_integer() const {
    constexpr double end = 0x1p63;
    if (real_ != real_) return 0;
    if (real_ >= end) return INT64_MAX;
    return real_ < -end ? INT64_MIN : static_cast<std::int64_t>(real_);
  }

  double real_;
  std::int64_t integer_ = 0;
  DType dtype_;
};

}  // namespace ebb
