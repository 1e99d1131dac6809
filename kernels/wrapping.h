#pragma once

#include <type_traits>

#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

// Arithmetic of elements of one type. Integers wrap, as PyTorch's do: in C++ only those without a sign may.

namespace detail {
template <class T, bool wraps = std::is_integral_v<T> && !std::is_same_v<T, bool>>
struct Wrapping {
  using type = T;
};
template <class T>
struct Wrapping<T, true> {
  using type = std::make_unsigned_t<T>;
};
}  // namespace detail

template <class T>
using wrapping_t = typename detail::Wrapping<T>::type;

template <class T>
EBB_HOST_DEVICE T added(T a, T b) {
  return static_cast<T>(static_cast<wrapping_t<T>>(a) + static_cast<wrapping_t<T>>(b));
}

template <class T>
EBB_HOST_DEVICE T subtracted(T a, T b) {
  return static_cast<T>(static_cast<wrapping_t<T>>(a) - static_cast<wrapping_t<T>>(b));
}

template <class T>
EBB_HOST_DEVICE T multiplied(T a, T b) {
  return static_cast<T>(static_cast<wrapping_t<T>>(a) * static_cast<wrapping_t<T>>(b));
}

}  // namespace ebb::kernels
