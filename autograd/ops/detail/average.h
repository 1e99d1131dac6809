#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/pool/pool.h"

/// Means over windows of images that lie channels-last. Not installed.
namespace ebb::ops {

/// Whether x is (N, C, H, W) and lies channels-last.
bool are_channels_last(const Tensor& x);

/// The same images with the sizes (H, W), channels-last. Twice differentiable.
Tensor averages(const Tensor& x, const kernels::AveragePooling& pooling, const Dims& sizes);

}  // namespace ebb::ops
