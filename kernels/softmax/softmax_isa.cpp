#include <cmath>
#include <cstring>
#include <limits>

#include "ebb/kernels/cpu/row_sums.h"
#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/softmax/softmax_loops.h"

namespace ebb::kernels {
namespace {

[[gnu::always_inline]] inline float power_of_two(std::int32_t exponent) {
  const std::int32_t bits = (exponent + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof(power));
  return power;
}

/// exp(x) of an x <= 0, by Taylor's polynomial of degree 7 on [-ln 2 / 2, ln 2 / 2]: within 2 units in the last place.
[[gnu::always_inline]] inline float exp_of(float x) {
  constexpr float log2_e = 1.44269504F, ln2_high = 0.693145752F, ln2_low = 1.42860677e-6F, round = 12582912.0F;
  x = x < -104.0F ? -104.0F : x;  // where exp(x) rounds to 0; NaN stays
  const float shifted = x * log2_e + round;
  std::int32_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  const std::int32_t exponent = bits - 0x4b400000, half = exponent >> 1;
  const float whole = shifted - round, r = (x - whole * ln2_high) - whole * ln2_low;
  const float tail = 1.0F / 24 + r * (1.0F / 120 + r * (1.0F / 720 + r * (1.0F / 5040)));
  const float e = 1.0F + (r + r * r * (0.5F + r * (1.0F / 6 + r * tail)));
  return e * power_of_two(half) * power_of_two(exponent - half);  // two steps, for results below 2^-126
}

[[gnu::always_inline]] inline double exp_of(double x) { return std::exp(x); }

template <class T>
T max_of(const T* x, std::int64_t n) {
  T best[lanes];
  for (T& b : best) b = -std::numeric_limits<T>::infinity();
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::int64_t k = 0; k < lanes; ++k) best[k] = x[i + k] > best[k] ? x[i + k] : best[k];
  }
  for (; i < n; ++i) best[0] = x[i] > best[0] ? x[i] : best[0];
  for (std::int64_t k = 1; k < lanes; ++k) best[0] = best[k] > best[0] ? best[k] : best[0];
  return best[0];
}

}  // namespace

template <Isa, class T>
void softmax_row(const T* x, std::int64_t n, SoftmaxOf what, T* __restrict y) {
  const T max = max_of(x, n);
  for (std::int64_t i = 0; i < n; ++i) y[i] = exp_of(x[i] - max);
  const T sum = static_cast<T>(sum_of<T>(n, [y](std::int64_t i) { return y[i]; }));
  if (what == SoftmaxOf::probability) {
    for (std::int64_t i = 0; i < n; ++i) y[i] /= sum;
  } else {
    const T log_sum = std::log(sum);
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] - max - log_sum;
  }
}

template <Isa, class T>
void softmax_row_backward(const T* dy, const T* y, std::int64_t n, SoftmaxOf what, T* __restrict dx) {
  if (what == SoftmaxOf::probability) {
    const T sum = static_cast<T>(sum_of<T>(n, [dy, y](std::int64_t i) { return dy[i] * y[i]; }));
    for (std::int64_t i = 0; i < n; ++i) dx[i] = (dy[i] - sum) * y[i];
  } else {
    const T sum = static_cast<T>(sum_of<T>(n, [dy](std::int64_t i) { return dy[i]; }));
    for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i] - exp_of(y[i]) * sum;
  }
}

template <Isa, class T>
void softmax_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width, SoftmaxOf what,
                     T* __restrict y) {
  T max[columns_together], sum[columns_together] = {};
  for (T& m : max) m = -std::numeric_limits<T>::infinity();
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    for (std::int64_t k = 0; k < width; ++k) max[k] = row[k] > max[k] ? row[k] : max[k];
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    T* to = y + i * stride;
    for (std::int64_t k = 0; k < width; ++k) sum[k] += to[k] = exp_of(row[k] - max[k]);
  }
  const bool is_log = what == SoftmaxOf::logarithm;
  for (std::int64_t k = 0; k < width; ++k) sum[k] = is_log ? std::log(sum[k]) : sum[k];
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    T* to = y + i * stride;
    if (is_log) {
      for (std::int64_t k = 0; k < width; ++k) to[k] = row[k] - max[k] - sum[k];
    } else {
      for (std::int64_t k = 0; k < width; ++k) to[k] /= sum[k];
    }
  }
}

template <Isa, class T>
void softmax_columns_backward(const T* dy, const T* y, std::int64_t n, std::int64_t stride, std::int64_t width,
                              SoftmaxOf what, T* __restrict dx) {
  const bool is_log = what == SoftmaxOf::logarithm;
  T sum[columns_together] = {};
  for (std::int64_t i = 0; i < n; ++i) {
    const T *row = dy + i * stride, *out = y + i * stride;
    for (std::int64_t k = 0; k < width; ++k) sum[k] += is_log ? row[k] : row[k] * out[k];
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const T *row = dy + i * stride, *out = y + i * stride;
    T* to = dx + i * stride;
    if (is_log) {
      for (std::int64_t k = 0; k < width; ++k) to[k] = row[k] - exp_of(out[k]) * sum[k];
    } else {
      for (std::int64_t k = 0; k < width; ++k) to[k] = (row[k] - sum[k]) * out[k];
    }
  }
}

template void softmax_row<this_isa>(const float*, std::int64_t, SoftmaxOf, float*);
template void softmax_row<this_isa>(const double*, std::int64_t, SoftmaxOf, double*);
template void softmax_row_backward<this_isa>(const float*, const float*, std::int64_t, SoftmaxOf, float*);
template void softmax_row_backward<this_isa>(const double*, const double*, std::int64_t, SoftmaxOf, double*);
template void softmax_columns<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t, SoftmaxOf, float*);
template void softmax_columns<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t, SoftmaxOf, double*);
template void softmax_columns_backward<this_isa>(const float*, const float*, std::int64_t, std::int64_t, std::int64_t,
                                                 SoftmaxOf, float*);
template void softmax_columns_backward<this_isa>(const double*, const double*, std::int64_t, std::int64_t, std::int64_t,
                                                 SoftmaxOf, double*);

}  // namespace ebb::kernels
