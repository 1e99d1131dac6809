#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y = x, where at least one of them lives on a GPU; of one dtype, with the same strides, without gaps.
void transfer(CpuContext&, const Tensor& x, Tensor& y);
void transfer(CudaContext&, const Tensor& x, Tensor& y);

}  // namespace ebb::kernels
