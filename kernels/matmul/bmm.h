#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y[i] = a[i] b[i] for each matrix of a batch: a is (batch, m, k), b is (batch, k, n), of any strides; y is
/// contiguous. A batch of one is how single matrices are multiplied.
void bmm(CpuContext&, const Tensor& a, const Tensor& b, Tensor& y);
void bmm(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y);

}  // namespace ebb::kernels
