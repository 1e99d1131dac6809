#pragma once

#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

// Pooling by the loops of its definition, on one thread: what the others are compared with. See pool.h.

void plain_max_pool2d(const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
void plain_max_pool2d_backward(const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);

}  // namespace ebb::kernels
