#pragma once

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y = x on the CPU, where one of them or both are of a type that only stores. Conversion takes two steps, by way of a
/// type that computes, so that these types do not multiply with all others. An Error for complex elements and for
/// float8 as the target.
void copy_stored(const Tensor& x, Tensor& y);

}  // namespace ebb::kernels
