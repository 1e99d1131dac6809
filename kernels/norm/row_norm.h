#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// All (rows, n), contiguous and of one floating dtype, but for rstd (rows).

/// y = (x - mean) rstd with the mean of each row and rstd = 1 / sqrt(var + eps), var over n. In two passes or by
/// Welford's recurrence, never E[x^2] - mean^2.
void row_norm(CpuContext&, const Tensor& x, double eps, Tensor& y, Tensor& rstd);
void row_norm(CudaContext&, const Tensor& x, double eps, Tensor& y, Tensor& rstd);

/// dx = rstd (dy - mean of dy - y mean of dy y)
void row_norm_backward(CpuContext&, const Tensor& dy, const Tensor& y, const Tensor& rstd, Tensor& dx);
void row_norm_backward(CudaContext&, const Tensor& dy, const Tensor& y, const Tensor& rstd, Tensor& dx);

}  // namespace ebb::kernels
