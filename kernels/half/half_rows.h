#pragma once

#include <cstdint>

#include "ebb/core/dtype/half.h"
#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

// Neighbouring elements between half precision and float32; T is Half or BFloat16.

/// y[i] = x[i], exactly, for i < count
template <Isa, class T>
void widen_row(const T* x, float* y, std::int64_t count);
/// y[i] = x[i], rounded to the nearest, ties to even
template <Isa, class T>
void narrow_row(const float* x, T* y, std::int64_t count);

}  // namespace ebb::kernels
