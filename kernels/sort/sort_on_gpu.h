#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// The sorts on a GPU, of what is not empty; see sort.h for what they compute.

/// Of rows that are at most `network_width` long: many in a block, by a network.
inline constexpr int network_width = 128;
void network_sort(CudaContext&, const Tensor& x, bool descending, Tensor& y, Tensor& indices);

/// Of rows of any length.
void radix_sort(CudaContext&, const Tensor& x, bool descending, Tensor& y, Tensor& indices);

}  // namespace ebb::kernels
