#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/row_norm/row_norm.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

namespace half {

/// Whether all rows have the same weights, so that some of them can be computed by themselves.
inline bool have_same_weights(const RowAffine& affine, std::int64_t n) {
  const Tensor& any = affine.weight.defined() ? affine.weight : affine.bias;
  return !any.defined() || any.numel() * affine.inner == n;
}

}  // namespace half

[[gnu::cold]] inline void row_norm_of_half(CpuContext& context, const Tensor& x, const RowAffine& affine, double eps,
                                           Tensor& y, Tensor& mean, Tensor& rstd) {
  const RowAffine wide{half::widened(context, affine.weight), half::widened(context, affine.bias), affine.inner};
  const auto normalize = [&](const Tensor& from, Tensor& to, Tensor& m, Tensor& r) {
    row_norm(context, from, wide, eps, to, m, r);
  };
  if (half::have_same_weights(affine, x.size(1))) return in_float32_by_slices(context, normalize, x, y, mean, rstd);
  in_float32(context, normalize, x, y, mean, rstd);
}

[[gnu::cold]] inline void row_norm_backward_of_half(CpuContext& context, const RowNormInputs& in,
                                                    const RowAffine& affine, Tensor& dx) {
  const RowAffine wide{half::widened(context, affine.weight), {}, affine.inner};
  const auto differentiate = [&](const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd,
                                 Tensor& to) {
    row_norm_backward(context, {dy, x, mean, rstd}, wide, to);
  };
  if (half::have_same_weights(affine, dx.size(1))) {
    return in_float32_by_slices(context, differentiate, in.dy, in.x, in.mean, in.rstd, dx);
  }
  in_float32(context, differentiate, in.dy, in.x, in.mean, in.rstd, dx);
}

[[gnu::cold]] inline void row_norm_backward_affine_of_half(CpuContext& context, const RowNormInputs& in,
                                                           std::int64_t inner, Tensor& dweight, Tensor& dbias) {
  in_float32(
      context,
      [&](const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd, Tensor& along, Tensor& plain) {
        row_norm_backward_affine(context, {dy, x, mean, rstd}, inner, along, plain);
      },
      in.dy, in.x, in.mean, in.rstd, dweight, dbias);
}

}  // namespace ebb::kernels
