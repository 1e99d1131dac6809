#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "ebb/core/dtype/half.h"
#include "ebb/core/dtype/scalar.h"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// `x` as an element of another type: one rule for both devices.
template <class To>
struct Convert {
  template <class From>
  EBB_HOST_DEVICE To operator()(From x) const {
    if constexpr (std::is_same_v<To, From>) {
      return x;
    } else if constexpr (is_half<From>) {
      return (*this)(static_cast<float>(x));
    } else if constexpr (is_half<To>) {
      return To(static_cast<float>(x));
    } else if constexpr (std::is_same_v<To, bool>) {
      return x != From(0);
    } else if constexpr (std::is_floating_point_v<From> && std::is_unsigned_v<To>) {
      return static_cast<To>(static_cast<std::int64_t>(x));  // wraps where the direct conversion is undefined
    } else {
      return static_cast<To>(x);
    }
  }
};

/// The element that a Scalar stands for.
template <class T>
T convert(Scalar value) {
  if constexpr (is_half<T>) {
    return T(value.to<float>());
  } else {
    return value.to<T>();
  }
}

}  // namespace ebb::kernels
