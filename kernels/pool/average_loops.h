#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

// The loops of average pooling over the channels of one position.

/// sum += x
template <Isa, class T>
void add_channels(const T* x, std::int64_t channels, T* sum);
/// y /= divisor
template <Isa, class T>
void divide_channels(T divisor, std::int64_t channels, T* y);

}  // namespace ebb::kernels
