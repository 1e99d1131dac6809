#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// index is int64, of any strides. [i | index] is the place of element i of index, but for dimension `dim`, where it is
// what the index says. An index outside of the dimension is an Error on the CPU; a GPU skips it, and gathers NaN or 0.

/// y[i] = x[i | index], for y of the shape of index, that of x not being smaller but along dim. Any strides.
void gather(CpuContext&, const Tensor& x, int dim, const Tensor& index, Tensor& y);
void gather(CudaContext&, const Tensor& x, int dim, const Tensor& index, Tensor& y);

enum class Scatter : std::uint8_t { assign, add };

/// y[i | index] = src[i], or += it, one after the other along dim: the last of equal places stays, and sums are the
/// same each time. src has the shape of index and the dtype of y. Any strides. Of half precision sums are in float32,
/// rounded once.
void scatter(CpuContext&, Scatter how, int dim, const Tensor& index, const Tensor& src, Tensor& y);
void scatter(CudaContext&, Scatter how, int dim, const Tensor& index, const Tensor& src, Tensor& y);

}  // namespace ebb::kernels
