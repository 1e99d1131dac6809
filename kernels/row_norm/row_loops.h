#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

template <class T>
struct RowStatistics {
  T mean, rstd;
};

/// y = (x - mean) rstd weight + bias, of n elements; rstd = 1 / sqrt(var + eps). weight and bias (n) may be null.
template <Isa, class T>
RowStatistics<T> normalize_row(const T* x, std::int64_t n, double eps, const T* weight, const T* bias, T* y);

/// dx = rstd (g - mean of g - z mean of g z) with g = dy weight and z = (x - mean) rstd; weight (n) may be null
template <Isa, class T>
void normalize_row_backward(const T* dy, const T* x, std::int64_t n, RowStatistics<T> row, const T* weight, T* dx);

/// along[i] += dy[i] z[i], plain[i] += dy[i]
template <Isa, class T>
void add_affine_row(const T* dy, const T* x, std::int64_t n, RowStatistics<T> row, T* along, T* plain);

/// The sums of dy z and of dy.
struct AffineSums {
  double along, plain;
};
template <Isa, class T>
AffineSums affine_sums(const T* dy, const T* x, std::int64_t n, RowStatistics<T> row);

}  // namespace ebb::kernels
