#pragma once

#include <cstdint>
#include <limits>

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {

/// Whether `candidate` is more extreme than `best`, which came before it; NaN is the most.
template <Extreme which, class T>
[[gnu::always_inline]] inline bool beats(T candidate, T best) {
  if (candidate != candidate) return best == best;
  return which == Extreme::max ? candidate > best : candidate < best;
}

template <Extreme which, class T>
[[gnu::always_inline]] inline T more_extreme(T a, T b) {
  return beats<which>(b, a) ? b : a;
}

/// What every element beats, or equals.
template <Extreme which, class T>
constexpr T least_extreme() {
  using Limits = std::numeric_limits<T>;
  if constexpr (Limits::has_infinity) return which == Extreme::max ? -Limits::infinity() : Limits::infinity();
  return which == Extreme::max ? Limits::lowest() : Limits::max();
}

/// The loops of one extreme over elements of one type.
template <class T>
struct ExtremeLoops {
  /// y[i y_step] = the extreme of the n neighbours from x[i x_step], for i < count
  void (*each)(const T* x, std::int64_t x_step, std::int64_t n, T* y, std::int64_t y_step, std::int64_t count);
  /// The position of the extreme likewise.
  void (*place_of_each)(const T* x, std::int64_t x_step, std::int64_t n, std::int64_t* y, std::int64_t y_step,
                        std::int64_t count);
  /// y (width) = the extreme of y and of `rows` rows, which lie `stride` apart
  void (*rows)(const T* x, std::int64_t stride, std::int64_t rows, T* y, std::int64_t width);
  /// y (width) = the position of the extreme in each column of n < 2^31 elements, which lie `stride` apart
  void (*places_of_columns)(const T* x, std::int64_t stride, std::int64_t n, std::int64_t* y, std::int64_t width);
};

template <Isa, Extreme, class T>
ExtremeLoops<T> extreme_loops();

}  // namespace ebb::kernels
