#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// Each row of x (N, n), any strides, in order: y (N, n) and the positions in x (N, n), int64, both contiguous. NaN is
/// the greatest; equal elements keep their order.
void sort(CpuContext&, const Tensor& x, bool descending, Tensor& y, Tensor& indices);
void sort(CudaContext&, const Tensor& x, bool descending, Tensor& y, Tensor& indices);

// Rows of x (N, n), any strides, by permutations `order` (N, n), int64 and contiguous; y (N, n) is contiguous. Each is
// the other's inverse.

/// y[r, i] = x[r, order[r, i]]
void permute_rows(CpuContext&, const Tensor& x, const Tensor& order, Tensor& y);
void permute_rows(CudaContext&, const Tensor& x, const Tensor& order, Tensor& y);

/// y[r, order[r, i]] = x[r, i]
void unpermute_rows(CpuContext&, const Tensor& x, const Tensor& order, Tensor& y);
void unpermute_rows(CudaContext&, const Tensor& x, const Tensor& order, Tensor& y);

}  // namespace ebb::kernels
