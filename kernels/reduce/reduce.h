#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// y has the rank of x, with size 1 in each reduced dimension. x has any strides; y is contiguous.

/// y = sum of x over `dims`; floating x are added pairwise, integer and bool ones into int64. Of half precision the sum
/// is rounded once.
void sum(CpuContext&, const Tensor& x, const Dims& dims, Tensor& y);
void sum(CudaContext&, const Tensor& x, const Dims& dims, Tensor& y);

/// y = the mean of floating x over `dims`, of its dtype: the sum over their count, rounded once.
void mean(CpuContext&, const Tensor& x, const Dims& dims, Tensor& y);
void mean(CudaContext&, const Tensor& x, const Dims& dims, Tensor& y);

/// y = product of x over `dims`; integer and bool x are multiplied into int64.
void prod(CpuContext&, const Tensor& x, const Dims& dims, Tensor& y);
void prod(CudaContext&, const Tensor& x, const Dims& dims, Tensor& y);

enum class Extreme : std::uint8_t { max, min };

/// The extreme element over `dims`: NaN wins. x is not empty along them.
void extreme(CpuContext&, Extreme which, const Tensor& x, const Dims& dims, Tensor& y);
void extreme(CudaContext&, Extreme which, const Tensor& x, const Dims& dims, Tensor& y);

/// The position (int64) of the first extreme element along dimension `dim`; the first NaN where there is one.
void arg_extreme(CpuContext&, Extreme which, const Tensor& x, int dim, Tensor& y);
void arg_extreme(CudaContext&, Extreme which, const Tensor& x, int dim, Tensor& y);

}  // namespace ebb::kernels
