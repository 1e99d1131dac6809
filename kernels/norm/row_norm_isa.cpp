// As loops_isa.cpp: plain loops that the compiler vectorises, and no function of the standard library.
#include "ebb/kernels/cpu/isa_kernels.h"

namespace ebb::kernels::EBB_ISA {
namespace {

constexpr std::int64_t lanes = 16, block = 1024;

/// The mean of term(i) for 0 <= i < n: in T for a block, in double over the blocks.
template <class T, class Term>
double mean_of(std::int64_t n, const Term& term) {
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += block) {
    const std::int64_t end = begin + block < n ? begin + block : n;
    T sums[lanes] = {};
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      for (std::int64_t k = 0; k < lanes; ++k) sums[k] += term(i + k);
    }
    for (; i < end; ++i) sums[0] += term(i);
    T sum = 0;
    for (std::int64_t k = 0; k < lanes; ++k) sum += sums[k];
    total += static_cast<double>(sum);
  }
  return total / static_cast<double>(n);
}

template <class T>
T normalize_row(const T* x, std::int64_t n, double eps, T* __restrict y) {
  const auto mean = static_cast<T>(mean_of<T>(n, [x](std::int64_t i) { return x[i]; }));
  const double variance = mean_of<T>(n, [x, mean](std::int64_t i) { return (x[i] - mean) * (x[i] - mean); });
  const auto rstd = static_cast<T>(1 / __builtin_sqrt(variance + eps));
  for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * rstd;
  return rstd;
}

template <class T>
void normalize_row_backward(const T* dy, const T* y, std::int64_t n, T rstd, T* __restrict dx) {
  const auto mean = static_cast<T>(mean_of<T>(n, [dy](std::int64_t i) { return dy[i]; }));
  const auto along = static_cast<T>(mean_of<T>(n, [dy, y](std::int64_t i) { return dy[i] * y[i]; }));
  for (std::int64_t i = 0; i < n; ++i) dx[i] = rstd * (dy[i] - mean - y[i] * along);
}

}  // namespace

float normalize_row_f32(const float* x, std::int64_t n, double eps, float* y) { return normalize_row(x, n, eps, y); }
double normalize_row_f64(const double* x, std::int64_t n, double eps, double* y) { return normalize_row(x, n, eps, y); }

void normalize_row_backward_f32(const float* dy, const float* y, std::int64_t n, float rstd, float* dx) {
  normalize_row_backward(dy, y, n, rstd, dx);
}
void normalize_row_backward_f64(const double* dy, const double* y, std::int64_t n, double rstd, double* dx) {
  normalize_row_backward(dy, y, n, rstd, dx);
}

}  // namespace ebb::kernels::EBB_ISA
