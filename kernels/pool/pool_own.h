#pragma once

#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

// Pooling by ebb's own kernels on a GPU; see pool.h for what they compute.

void own_max_pool2d(CudaContext&, const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
void own_max_pool2d_backward(CudaContext&, const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);
void own_max_pool2d_gather(CudaContext&, const Tensor& x, const Tensor& indices, const PoolGeometry&, Tensor& y);

}  // namespace ebb::kernels
