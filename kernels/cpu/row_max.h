#pragma once

#include <limits>

#include "ebb/kernels/cpu/row_sums.h"

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h).

namespace ebb::kernels {
namespace {

/// The greatest of n neighbours that is no NaN, or -infinity.
template <class T>
T max_of(const T* x, std::int64_t n) {
  const auto larger = [](T a, T b) { return b > a ? b : a; };
  T best[lanes];
  for (T& b : best) b = -std::numeric_limits<T>::infinity();
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma GCC unroll 32
    for (std::int64_t k = 0; k < lanes; ++k) best[k] = larger(best[k], x[i + k]);
  }
  T max = over_lanes<lanes>(best, larger);
  for (; i < n; ++i) max = larger(max, x[i]);
  return max;
}

/// max[k] = the largest of the n elements of column k, which lie `stride` apart, for k < width.
template <class T>
[[gnu::always_inline]] inline void max_of_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width,
                                                  T* __restrict max) {
  for (std::int64_t k = 0; k < width; ++k) max[k] = -std::numeric_limits<T>::infinity();
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    for (std::int64_t k = 0; k < width; ++k) max[k] = row[k] > max[k] ? row[k] : max[k];
  }
}

}  // namespace
}  // namespace ebb::kernels
