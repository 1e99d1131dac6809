#pragma once

#include <cstdint>

#include "ebb/core/dtype/half.h"

namespace emulator {

/// c (m, n) = alpha a b + beta c for each of `batch` matrices, all by columns; a factor that is not plain is
/// transposed.
template <class T>
struct BlasProduct {
  using Sum = ebb::OpMath<T>;

  bool a_plain, b_plain;
  std::int64_t m, n, k, batch;
  Sum alpha;
  const T* a;
  std::int64_t a_leading, a_stride;
  const T* b;
  std::int64_t b_leading, b_stride;
  Sum beta;
  T* c;
  std::int64_t c_leading, c_stride;

  bool fits() const {
    const bool is_wide = a_leading >= (a_plain ? m : k) && b_leading >= (b_plain ? k : n) && c_leading >= m;
    return is_wide && m >= 0 && n >= 0 && k >= 0 && a_leading >= 1 && b_leading >= 1;
  }
  void operator()() const;
};

template <class T>
void BlasProduct<T>::operator()() const {
  for (std::int64_t at = 0; at < batch * m * n; ++at) {
    const std::int64_t matrix = at / (m * n), i = at % m, j = at / m % n;
    const T *left = a + matrix * a_stride, *right = b + matrix * b_stride;
    Sum sum = 0;
    for (std::int64_t p = 0; p < k; ++p) {
      sum += static_cast<Sum>(left[a_plain ? i + p * a_leading : p + i * a_leading]) *
             static_cast<Sum>(right[b_plain ? p + j * b_leading : j + p * b_leading]);
    }
    T& to = c[matrix * c_stride + i + j * c_leading];
    to = static_cast<T>(alpha * sum + (beta == Sum(0) ? Sum(0) : beta * static_cast<Sum>(to)));
  }
}

}  // namespace emulator
