#include "ebb/kernels/cpu/row_sums.h"
#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/norm/row_loops.h"

namespace ebb::kernels {
namespace {

template <class T, class Term>
double mean_of(std::int64_t n, const Term& term) {
  return sum_of<T>(n, term) / static_cast<double>(n);
}

}  // namespace

template <Isa, class T>
T normalize_row(const T* x, std::int64_t n, double eps, T* __restrict y) {
  const auto mean = static_cast<T>(mean_of<T>(n, [x](std::int64_t i) { return x[i]; }));
  const double variance = mean_of<T>(n, [x, mean](std::int64_t i) { return (x[i] - mean) * (x[i] - mean); });
  const auto rstd = static_cast<T>(1 / __builtin_sqrt(variance + eps));
  for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * rstd;
  return rstd;
}

template <Isa, class T>
void normalize_row_backward(const T* dy, const T* y, std::int64_t n, T rstd, T* __restrict dx) {
  const auto mean = static_cast<T>(mean_of<T>(n, [dy](std::int64_t i) { return dy[i]; }));
  const auto along = static_cast<T>(mean_of<T>(n, [dy, y](std::int64_t i) { return dy[i] * y[i]; }));
  for (std::int64_t i = 0; i < n; ++i) dx[i] = rstd * (dy[i] - mean - y[i] * along);
}

template float normalize_row<this_isa>(const float*, std::int64_t, double, float*);
template double normalize_row<this_isa>(const double*, std::int64_t, double, double*);
template void normalize_row_backward<this_isa>(const float*, const float*, std::int64_t, float, float*);
template void normalize_row_backward<this_isa>(const double*, const double*, std::int64_t, double, double*);

}  // namespace ebb::kernels
