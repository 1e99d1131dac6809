#pragma once

#include <type_traits>

#include "ebb/core/dtype/half.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/ptx.cuh"

// Elements and what they are computed in, by the GPU's own conversions.

namespace ebb::kernels {

template <class T>
__device__ __forceinline__ OpMath<T> widened(T x) {
  if constexpr (std::is_same_v<T, Half>) {
    return widen_f16(x.bits);
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    return static_cast<float>(x);
  } else {
    return x;
  }
}

template <class T>
__device__ __forceinline__ T rounded(OpMath<T> x) {
  if constexpr (is_half<T>) {
    T y;
    y.bits = std::is_same_v<T, Half> ? round_to_f16(x) : round_to_bf16(x);
    return y;
  } else {
    return x;
  }
}

template <class T, int n>
__device__ __forceinline__ Packet<OpMath<T>, n> widened(const Packet<T, n>& x) {
  Packet<OpMath<T>, n> wide;
#pragma unroll
  for (int i = 0; i < n; ++i) wide.element[i] = widened(x.element[i]);
  return wide;
}

template <class T, int n>
__device__ __forceinline__ Packet<T, n> rounded(const Packet<OpMath<T>, n>& x) {
  Packet<T, n> y;
#pragma unroll
  for (int i = 0; i < n; ++i) y.element[i] = rounded<T>(x.element[i]);
  return y;
}

/// As Convert, on a GPU.
template <class To>
struct ConvertHere {
  template <class From>
  __device__ To operator()(From x) const {
    if constexpr (std::is_same_v<To, From>) {
      return x;
    } else {
      return rounded<To>(Convert<OpMath<To>>()(widened(x)));
    }
  }
};

/// A function of floats, of elements T of half precision.
template <class Op, class T>
struct OfHalves {
  Op op;
  template <class... Elements>
  __device__ auto operator()(Elements... x) const {
    if constexpr (std::is_same_v<decltype(op(widened(x)...)), bool>) {
      return op(widened(x)...);
    } else {
      return rounded<T>(op(widened(x)...));
    }
  }
};

/// `op`, so that it takes elements T.
template <class T, class Op>
auto for_elements(const Op& op) {
  if constexpr (is_half<T>) {
    return OfHalves<Op, T>{op};
  } else {
    return op;
  }
}

}  // namespace ebb::kernels
