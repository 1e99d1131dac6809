#pragma once

#include <complex>

#include "ebb/core/dtype/dtype.h"

// Apart from dtype.h, since few need it: Tensor::data<std::complex<float>>().

namespace ebb {

template <>
inline constexpr DType dtype_of<std::complex<float>> = kComplex64;
template <>
inline constexpr DType dtype_of<std::complex<double>> = kComplex128;

}  // namespace ebb
