#include "ebb/kernels/cpu/row_sums.h"
#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/row_norm/row_loops.h"

namespace ebb::kernels {
namespace {

template <class T, class Term>
double mean_of(std::int64_t n, const Term& term) {
  return sum_of<T>(n, term) / static_cast<double>(n);
}

}  // namespace

template <Isa, class T>
RowStatistics<T> normalize_row(const T* x, std::int64_t n, double eps, const T* weight, const T* bias,
                               T* __restrict y) {
  const auto mean = static_cast<T>(mean_of<T>(n, [x](std::int64_t i) { return x[i]; }));
  const double variance = mean_of<T>(n, [x, mean](std::int64_t i) { return (x[i] - mean) * (x[i] - mean); });
  const auto rstd = static_cast<T>(1 / __builtin_sqrt(variance + eps));
  if (weight != nullptr && bias != nullptr) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * rstd * weight[i] + bias[i];
    return {mean, rstd};
  }
  for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * rstd;
  for (std::int64_t i = 0; weight != nullptr && i < n; ++i) y[i] *= weight[i];
  for (std::int64_t i = 0; bias != nullptr && i < n; ++i) y[i] += bias[i];
  return {mean, rstd};
}

/// dx holds what reaches the normalised elements until it is known what of that goes back.
template <Isa, class T>
void normalize_row_backward(const T* dy, const T* x, std::int64_t n, RowStatistics<T> row, const T* weight,
                            T* __restrict dx) {
  const T mean = row.mean, rstd = row.rstd;
  if (weight == nullptr) {
    for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i] * weight[i];
  }
  const T* gradient = dx;
  const auto plain = static_cast<T>(mean_of<T>(n, [gradient](std::int64_t i) { return gradient[i]; }));
  const auto along = static_cast<T>(
      mean_of<T>(n, [x, mean, rstd, gradient](std::int64_t i) { return gradient[i] * ((x[i] - mean) * rstd); }));
  for (std::int64_t i = 0; i < n; ++i) dx[i] = rstd * (dx[i] - plain - (x[i] - mean) * rstd * along);
}

template <Isa, class T>
void add_affine_row(const T* dy, const T* x, std::int64_t n, RowStatistics<T> row, T* __restrict along,
                    T* __restrict plain) {
  const T mean = row.mean, rstd = row.rstd;
  for (std::int64_t i = 0; i < n; ++i) {
    along[i] += dy[i] * ((x[i] - mean) * rstd);
    plain[i] += dy[i];
  }
}

template <Isa, class T>
AffineSums affine_sums(const T* dy, const T* x, std::int64_t n, RowStatistics<T> row) {
  const T mean = row.mean, rstd = row.rstd;
  const double along = sum_of<T>(n, [dy, x, mean, rstd](std::int64_t i) { return dy[i] * ((x[i] - mean) * rstd); });
  return {along, sum_of<T>(n, [dy](std::int64_t i) { return dy[i]; })};
}

template RowStatistics<float> normalize_row<this_isa>(const float*, std::int64_t, double, const float*, const float*,
                                                      float*);
template RowStatistics<double> normalize_row<this_isa>(const double*, std::int64_t, double, const double*,
                                                       const double*, double*);
template void normalize_row_backward<this_isa>(const float*, const float*, std::int64_t, RowStatistics<float>,
                                               const float*, float*);
template void normalize_row_backward<this_isa>(const double*, const double*, std::int64_t, RowStatistics<double>,
                                               const double*, double*);
template void add_affine_row<this_isa>(const float*, const float*, std::int64_t, RowStatistics<float>, float*, float*);
template void add_affine_row<this_isa>(const double*, const double*, std::int64_t, RowStatistics<double>, double*,
                                       double*);
template AffineSums affine_sums<this_isa>(const float*, const float*, std::int64_t, RowStatistics<float>);
template AffineSums affine_sums<this_isa>(const double*, const double*, std::int64_t, RowStatistics<double>);

}  // namespace ebb::kernels
