#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// A sparse matrix, row by row: row o has the entries offsets[o] up to offsets[o + 1], each a column and a weight.
/// Contiguous, on the device of what it is applied to; offsets and columns int64, weights of what its dtype computes
/// in.
struct SparseRows {
  Tensor offsets, columns, weights;
};

/// y[outer, o, inner] = the sum of weight * x[outer, column, inner] over the entries of row o, in their order; 0 of
/// none. x (outer, in, inner) and y (outer, out, inner) contiguous.
void resample(CpuContext&, const Tensor& x, const SparseRows& matrix, Tensor& y);
void resample(CudaContext&, const Tensor& x, const SparseRows& matrix, Tensor& y);

/// `rows` along the height and then `columns` along the width, in one pass over memory. x (N, C, H, W) and y
/// (N, C, H', W') channels-last.
void resample_images(CpuContext&, const Tensor& x, const SparseRows& rows, const SparseRows& columns, Tensor& y);
void resample_images(CudaContext&, const Tensor& x, const SparseRows& rows, const SparseRows& columns, Tensor& y);

}  // namespace ebb::kernels
