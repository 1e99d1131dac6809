#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y = x, which live on different devices; of one dtype, with the same strides, without gaps.
void transfer(CpuContext&, const Tensor& x, Tensor& y);
void transfer(CudaContext&, const Tensor& x, Tensor& y);

}  // namespace ebb::kernels
