#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// y = (x - mean) rstd, of n elements; returns rstd = 1 / sqrt(var + eps).
template <Isa, class T>
T normalize_row(const T* x, std::int64_t n, double eps, T* y);

/// dx = rstd (dy - mean of dy - y mean of dy y)
template <Isa, class T>
void normalize_row_backward(const T* dy, const T* y, std::int64_t n, T rstd, T* dx);

}  // namespace ebb::kernels
