#pragma once

#include <cmath>

#include "ebb/kernels/cpu/vector_math.h"
#include "ebb/kernels/host_device.h"

// Functions of one real, for functors of both devices. Those of the CPU are ones that the compiler vectorises.

namespace ebb::kernels::real {

template <class T>
EBB_HOST_DEVICE T exp(T x) {
  if constexpr (has_gpu_code) {
    return std::exp(x);
  } else {
    return vector_math::exp(x);
  }
}

template <class T>
EBB_HOST_DEVICE T expm1(T x) {
  if constexpr (has_gpu_code) {
    return std::expm1(x);
  } else {
    return vector_math::expm1(x);
  }
}

template <class T>
EBB_HOST_DEVICE T log(T x) {
  if constexpr (has_gpu_code) {
    return std::log(x);
  } else {
    return vector_math::log(x);
  }
}

template <class T>
EBB_HOST_DEVICE T log1p(T x) {
  if constexpr (has_gpu_code) {
    return std::log1p(x);
  } else {
    return vector_math::log1p(x);
  }
}

/// log(1 + exp(x)), where exp cannot overflow
template <class T>
EBB_HOST_DEVICE T log1p_exp(T x) {
  if constexpr (has_gpu_code) {
    return std::log1p(std::exp(-std::fabs(x))) + (x < T(0) ? T(0) : x);
  } else {
    return vector_math::log1p_exp(x);
  }
}

template <class T>
EBB_HOST_DEVICE T tanh(T x) {
  if constexpr (has_gpu_code) {
    return std::tanh(x);
  } else {
    return vector_math::tanh(x);
  }
}

template <class T>
EBB_HOST_DEVICE T erf(T x) {
  if constexpr (has_gpu_code) {
    return std::erf(x);
  } else {
    return vector_math::erf(x);
  }
}

/// The probability that a normal number is less than x.
template <class T>
EBB_HOST_DEVICE T normal_probability(T x) {
  if constexpr (has_gpu_code) {
    constexpr T root_of_half = T(0.7071067811865476);
    return T(0.5) * (T(1) + std::erf(x * root_of_half));
  } else {
    return vector_math::normal_probability(x);
  }
}

}  // namespace ebb::kernels::real
