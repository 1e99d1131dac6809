#pragma once

#include "ebb/kernels/norm/batch_norm.h"
#include "ebb/kernels/pool/pool.h"

namespace ebb::kernels {

// y = max_pool2d(relu(batch_norm(x))) in training, on the CPU: a few rows of the norm are pooled while they are in the
// cache, and in the gradient a few rows of the pooling's go through the norm's. x and dx are images (N, C, H, W), y, dy
// and `indices` (uint8) images of its windows, all channels-last without gaps; the rest as in batch_norm.h.

/// Why these are not pooled that way; null where they are.
const char* norm_pool_refusal(const Tensor& x, const PoolGeometry& geometry);

/// `indices` may be undefined.
void norm_pool_forward(CpuContext&, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                       const PoolGeometry& geometry, RunningStatistics& running, BatchStatistics& saved, Tensor& y,
                       Tensor& indices);

/// Fills all gradients but that of a residual.
void norm_pool_backward(CpuContext&, const Tensor& dy, const Tensor& indices, const Tensor& x, const Tensor& scale,
                        const Tensor& shift, const BatchStatistics& saved, const PoolGeometry& geometry,
                        BatchNormGradients& gradients);

}  // namespace ebb::kernels
