#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// Rows of n elements, (rows, n), contiguous and of one floating dtype; mean and rstd have one element a row. A row may
// have a weight and a bias for each `inner` neighbours: rows take turns in groups, so that row r, element i has number
// r % groups * (n / inner) + i / inner of weight and bias, (groups * n / inner), which may be undefined. Layer norm has
// one group and inner 1; group norm has its groups, and inner is the size of an image.

struct RowAffine {
  Tensor weight, bias;
  std::int64_t inner = 1;
};

/// y = (x - mean) rstd weight + bias with the mean of each row and rstd = 1 / sqrt(var + eps), var over n. In two
/// passes or by Welford's recurrence, never E[x^2] - mean^2.
void row_norm(CpuContext&, const Tensor& x, const RowAffine& affine, double eps, Tensor& y, Tensor& mean, Tensor& rstd);
void row_norm(CudaContext&, const Tensor& x, const RowAffine& affine, double eps, Tensor& y, Tensor& mean,
              Tensor& rstd);

/// What gradients are made of.
struct RowNormInputs {
  const Tensor &dy, &x, &mean, &rstd;
};

/// dx = rstd (g - mean of g - z mean of g z) with g = dy weight and z = (x - mean) rstd; bias is not needed
void row_norm_backward(CpuContext&, const RowNormInputs& in, const RowAffine& affine, Tensor& dx);
void row_norm_backward(CudaContext&, const RowNormInputs& in, const RowAffine& affine, Tensor& dx);

/// dweight = sum of dy z, dbias = sum of dy, over all elements that share them; both of the size of a weight
void row_norm_backward_affine(CpuContext&, const RowNormInputs& in, std::int64_t inner, Tensor& dweight, Tensor& dbias);
void row_norm_backward_affine(CudaContext&, const RowNormInputs& in, std::int64_t inner, Tensor& dweight,
                              Tensor& dbias);

}  // namespace ebb::kernels
