#pragma once

// real::exp and its kind, for functors of both devices: on the CPU those that the compiler vectorises.
#ifdef __CUDACC__
#include <cmath>

namespace ebb::kernels::real {

using std::erf;
using std::exp;
using std::expm1;
using std::log;
using std::log1p;
using std::tanh;

}  // namespace ebb::kernels::real
#else
#include "ebb/kernels/cpu/vector_math.h"
#endif
