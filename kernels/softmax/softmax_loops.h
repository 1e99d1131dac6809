#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/cpu/lines.h"
#include "ebb/kernels/softmax/softmax.h"

namespace ebb::kernels {

/// Of n neighbours.
template <Isa, class T>
void softmax_row(const T* x, std::int64_t n, SoftmaxOf what, T* y);
template <Isa, class T>
void softmax_row_backward(const T* dy, const T* y, std::int64_t n, SoftmaxOf what, T* dx);

/// Of `width` <= columns_together neighbouring columns, whose n elements lie `stride` apart.
template <Isa, class T>
void softmax_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width, SoftmaxOf what, T* y);
template <Isa, class T>
void softmax_columns_backward(const T* dy, const T* y, std::int64_t n, std::int64_t stride, std::int64_t width,
                              SoftmaxOf what, T* dx);

}  // namespace ebb::kernels
