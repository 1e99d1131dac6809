#include "ebb/kernels/row_norm/row_norm.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/row_norm/row_norm_long.cuh"
#include "ebb/kernels/row_norm/row_norm_sums.cuh"

namespace ebb::kernels {

void row_norm(CudaContext& context, const Tensor& x, const RowAffine& affine, double eps, Tensor& y, Tensor& mean,
              Tensor& rstd) {
  if (x.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    const std::int64_t n = x.size(1);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const RowStatisticsOf<OpMath<T>> statistics{mean.data<OpMath<T>>(), rstd.data<OpMath<T>>()};
    const AffineOf<T> of(affine, n);
    if (n > longest_held_row<T>) return normalize_long(context, x.size(0), n, eps, from, of, statistics, to);
    const RowShape shape{x.size(0), static_cast<int>(n), are_packed(n, from, to)};
    with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
      launch(context, normalize_held<T, packets>, size, shape, eps, from, of, statistics, to);
    });
  });
}

void row_norm_backward(CudaContext& context, const RowNormInputs& in, const RowAffine& affine, Tensor& dx) {
  if (dx.numel() == 0) return;
  visit_floating(dx.dtype(), [&]<class T>() {
    const std::int64_t n = dx.size(1);
    const T *dy = in.dy.data<T>(), *x = in.x.data<T>();
    T* to = dx.data<T>();
    const RowStatisticsOf<const OpMath<T>> statistics{in.mean.data<OpMath<T>>(), in.rstd.data<OpMath<T>>()};
    const AffineOf<T> of(affine, n);
    if (n > longest_held_row<T>) {
      return normalize_backward_long(context, dx.size(0), n, dy, x, of, statistics, to);
    }
    const RowShape shape{dx.size(0), static_cast<int>(n), are_packed(n, dy, x, to)};
    with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
      launch(context, normalize_backward_held<T, packets>, size, shape, dy, x, of, statistics, to);
    });
  });
}

void row_norm_backward_affine(CudaContext& context, const RowNormInputs& in, std::int64_t inner, Tensor& dweight,
                              Tensor& dbias) {
  if (dweight.numel() == 0) return;
  if (in.x.numel() == 0) {
    fill(context, 0, dweight);
    return fill(context, 0, dbias);
  }
  visit_floating(in.x.dtype(), [&]<class T>() {
    const AffineGradient<T> gradient(in, inner, dweight, dbias);
    reduce(context, gradient, in.x.numel() / dweight.numel(), dweight.numel(),
           inner == 1 ? ReduceOrder::output_is_inner : ReduceOrder::count_is_inner);
  });
}

}  // namespace ebb::kernels
