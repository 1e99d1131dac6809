#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// y[i y_step] = the sum of the n neighbours from x[i x_step], for i < count
template <Isa, class T>
void sum_each(const T* x, std::int64_t x_step, std::int64_t n, T* y, std::int64_t y_step, std::int64_t count);

/// y (width) += the sum of `rows` rows, which lie `stride` apart.
template <Isa, class T>
void add_rows(const T* x, std::int64_t stride, std::int64_t rows, T* y, std::int64_t width);

}  // namespace ebb::kernels
