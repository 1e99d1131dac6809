#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// All (outer, n, inner), contiguous and of one floating dtype; softmax runs along n.

enum class SoftmaxOf : std::uint8_t { probability, logarithm };

/// y = exp(x - m) / s, or x - m - log(s), with m the maximum of x and s the sum of exp(x - m), along n.
void softmax(CpuContext&, SoftmaxOf what, const Tensor& x, Tensor& y);
void softmax(CudaContext&, SoftmaxOf what, const Tensor& x, Tensor& y);

/// dx = y (dy - sum of dy y), or dy - exp(y) sum of dy, with the sum along n.
void softmax_backward(CpuContext&, SoftmaxOf what, const Tensor& dy, const Tensor& y, Tensor& dx);
void softmax_backward(CudaContext&, SoftmaxOf what, const Tensor& dy, const Tensor& y, Tensor& dx);

}  // namespace ebb::kernels
