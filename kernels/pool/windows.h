#pragma once

#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

// Pooling on the CPU, all channels of a window at once; see pool.h for what they compute.

void windows_max_pool2d(const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
void windows_max_pool2d_backward(const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);
void windows_max_pool2d_gather(const Tensor& x, const Tensor& indices, const PoolGeometry&, Tensor& y);

}  // namespace ebb::kernels
