#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "ebb/kernels/cpu/vectors.h"

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h): loops over registers of the set's width, where
// plain loops are not vectorised as they should be.

namespace ebb::kernels {
namespace {

template <class T, int lanes>
struct LanesOf {
  typedef T Type __attribute__((vector_size(lanes * static_cast<int>(sizeof(T)))));
};

/// As wide as T: what comparing gives, and numbers that are selected together with elements.
template <class T>
using IntegerLike = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

/// A register of T. Comparing two gives a Mask, by which `mask ? a : b` selects.
template <class T>
struct Wide {
  static constexpr int lanes = width_of<T>;
  using Vector = typename VectorOf<T>::Type;
  using Mask = typename LanesOf<IntegerLike<T>, lanes>::Type;

  [[gnu::always_inline]] static Vector load(const T* from) { return kernels::load(from); }
  [[gnu::always_inline]] static void store(const Vector& v, T* to) { kernels::store(to, v); }

  // By steps of two: GCC takes others apart.
  [[gnu::always_inline]] static Mask load_bytes(const std::uint8_t* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(__builtin_convertvector(__builtin_convertvector(bytes, Halves), Words), Mask);
  }
  [[gnu::always_inline]] static void store_bytes(const Mask& values, std::uint8_t* to) {
    const Words words = __builtin_convertvector(values, Words);
    const Bytes bytes = __builtin_convertvector(__builtin_convertvector(words, Halves), Bytes);
    std::memcpy(to, &bytes, sizeof bytes);
  }

 private:
  using Bytes = typename LanesOf<std::uint8_t, lanes>::Type;
  using Halves = typename LanesOf<std::uint16_t, lanes>::Type;
  using Words = typename LanesOf<std::int32_t, lanes>::Type;
};

/// The same of one element.
template <class T>
struct Single {
  static constexpr int lanes = 1;
  using Vector = T;
  using Mask = IntegerLike<T>;

  [[gnu::always_inline]] static T load(const T* from) { return *from; }
  [[gnu::always_inline]] static void store(T v, T* to) { *to = v; }
  [[gnu::always_inline]] static Mask load_bytes(const std::uint8_t* from) { return *from; }
  [[gnu::always_inline]] static void store_bytes(Mask value, std::uint8_t* to) {
    *to = static_cast<std::uint8_t>(value);
  }
};

/// Calls `body(Wide<T>(), i)` for the registers that `count` elements fill, and `body(Single<T>(), i)` for the rest.
template <class T, class Body>
[[gnu::always_inline]] inline void by_registers(std::int64_t count, const Body& body) {
  std::int64_t i = 0;
  for (; i + Wide<T>::lanes <= count; i += Wide<T>::lanes) body(Wide<T>(), i);
  for (; i < count; ++i) body(Single<T>(), i);
}

}  // namespace
}  // namespace ebb::kernels
