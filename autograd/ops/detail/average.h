#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/pool/pool.h"

/// Means over windows of images in both dimensions at once. Not installed.
namespace ebb::ops {

/// Whether averages() is the way to pool x by windows of so many elements: where it is (N, C, H, W) and lies
/// channels-last, or on a GPU for few elements, which one thread adds.
bool can_average(const Tensor& x, std::int64_t elements);

/// The images x with the sizes (H, W). Twice differentiable.
Tensor averages(const Tensor& x, const kernels::AveragePooling& pooling, const Dims& sizes);

}  // namespace ebb::ops
