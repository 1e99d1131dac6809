#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "ebb/core/dtype/half.h"
#include "ebb/core/dtype/scalar.h"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

// Half precision and float, by the GPU's instructions where there are some; the same numbers on both devices, but for
// the bits of NaN.

struct Widen {
  EBB_HOST_DEVICE float operator()(Half x) const {
#ifdef __CUDA_ARCH__
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
#else
    return static_cast<float>(x);
#endif
  }
  EBB_HOST_DEVICE float operator()(BFloat16 x) const { return static_cast<float>(x); }
};

template <class T>
struct Narrow;
template <>
struct Narrow<Half> {
  EBB_HOST_DEVICE Half operator()(float x) const {
#ifdef __CUDA_ARCH__
    Half y;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
    return y;
#else
    return Half(x);
#endif
  }
};
template <>
struct Narrow<BFloat16> {
  EBB_HOST_DEVICE BFloat16 operator()(float x) const {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    BFloat16 y;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
    return y;
#else
    return BFloat16(x);
#endif
  }
};

/// `x` as an element of another type: one rule for both devices.
template <class To>
struct Convert {
  template <class From>
  EBB_HOST_DEVICE To operator()(From x) const {
    if constexpr (std::is_same_v<To, From>) {
      return x;
    } else if constexpr (is_half<From>) {
      return (*this)(Widen()(x));
    } else if constexpr (is_half<To>) {
      return Narrow<To>()(static_cast<float>(x));
    } else if constexpr (std::is_same_v<To, bool>) {
      return x != From(0);
    } else if constexpr (std::is_floating_point_v<From> && std::is_unsigned_v<To>) {
      return static_cast<To>(static_cast<std::int64_t>(x));  // wraps where the direct conversion is undefined
    } else {
      return static_cast<To>(x);
    }
  }
};

/// A function of floats, of elements T of half precision.
template <class Op, class T>
struct InFloat {
  Op op;
  EBB_HOST_DEVICE auto operator()(auto... x) const {
    const auto y = op(Widen()(x)...);
    using Result = std::conditional_t<std::is_same_v<decltype(op(Widen()(x)...)), bool>, bool, T>;
    return Convert<Result>()(y);
  }
};

/// `op`, so that it takes elements T.
template <class T, class Op>
auto for_elements(const Op& op) {
  if constexpr (is_half<T>) {
    return InFloat<Op, T>{op};
  } else {
    return op;
  }
}

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
