#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/row_norm/row_norm.h"

namespace ebb::kernels {

// Half precision, by way of float32.

template <class Context>
[[gnu::cold]] void row_norm_of_half(Context& context, const Tensor& x, const RowAffine& affine, double eps, Tensor& y,
                                    Tensor& mean, Tensor& rstd) {
  in_float32(
      context,
      [&](const Tensor& from, const Tensor& weight, const Tensor& bias, Tensor& to, Tensor& m, Tensor& r) {
        row_norm(context, from, {weight, bias, affine.inner}, eps, to, m, r);
      },
      x, affine.weight, affine.bias, y, mean, rstd);
}

template <class Context>
[[gnu::cold]] void row_norm_backward_of_half(Context& context, const RowNormInputs& in, const RowAffine& affine,
                                             Tensor& dx) {
  in_float32(
      context,
      [&](const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, Tensor& to) {
        row_norm_backward(context, {dy, x, mean, rstd}, {weight, {}, affine.inner}, to);
      },
      in.dy, in.x, in.mean, in.rstd, affine.weight, dx);
}

template <class Context>
[[gnu::cold]] void row_norm_backward_affine_of_half(Context& context, const RowNormInputs& in, std::int64_t inner,
                                                    Tensor& dweight, Tensor& dbias) {
  in_float32(
      context,
      [&](const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd, Tensor& along, Tensor& plain) {
        row_norm_backward_affine(context, {dy, x, mean, rstd}, inner, along, plain);
      },
      in.dy, in.x, in.mean, in.rstd, dweight, dbias);
}

}  // namespace ebb::kernels
