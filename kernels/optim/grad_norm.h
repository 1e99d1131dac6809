#pragma once

#include <span>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// Of the gradients of many parameters: of one floating dtype, without gaps, on one GPU. `total` and `scale` are of what
// that dtype computes in.

/// total, a scalar = the square root of the sum of all elements' squares.
void total_norm(CudaContext&, std::span<const Tensor> tensors, Tensor& total);
/// Each element times `scale`, a scalar.
void scale_all(CudaContext&, std::span<Tensor> tensors, const Tensor& scale);

}  // namespace ebb::kernels
