#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y = the sum of the elements of x so far along dimension `dim`, or of those that are left where `reverse`. One shape,
/// any strides; y of the dtype of x where that is floating, else int64. Sums are in float64 for floating x; in
/// order on the CPU, by chunks of a line on a GPU.
void cumsum(CpuContext&, const Tensor& x, int dim, bool reverse, Tensor& y);
void cumsum(CudaContext&, const Tensor& x, int dim, bool reverse, Tensor& y);

}  // namespace ebb::kernels
