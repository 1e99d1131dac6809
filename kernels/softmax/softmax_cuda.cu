#include "ebb/core/dispatch.h"
#include "ebb/kernels/softmax/softmax_columns.cuh"
#include "ebb/kernels/softmax/softmax_rows.cuh"

namespace ebb::kernels {

void softmax(CudaContext& context, SoftmaxOf what, const Tensor& x, Tensor& y) {
  if (x.numel() == 0) return;
  visit_floating(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t n = x.size(1);
    const bool packed = are_packed(n, from, to);
    if (x.size(2) > 1) {
      const ColumnLaunch of(x);
      launch(context, softmax_columns<T>, of.size, of.columns, what, from, to);
    } else if (n > longest_held_row<T>) {
      launch(context, softmax_long<T>, {dim3(grid_size(x.size(0)))}, LongRows{n, packed}, what, from, to);
    } else {
      const RowShape shape{x.size(0), static_cast<int>(n), packed};
      with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
        launch(context, softmax_held<T, packets>, size, shape, what, from, to);
      });
    }
  });
}

void softmax_backward(CudaContext& context, SoftmaxOf what, const Tensor& dy, const Tensor& y, Tensor& dx) {
  if (y.numel() == 0) return;
  const SoftmaxGradient gradient{what};
  visit_floating(y.dtype(), [&]<class T>() {
    const T *from = dy.data<T>(), *out = y.data<T>();
    T* to = dx.data<T>();
    const std::int64_t n = y.size(1);
    const bool packed = are_packed(n, from, out, to);
    if (y.size(2) > 1) {
      const ColumnLaunch of(y);
      launch(context, softmax_backward_columns<T>, of.size, of.columns, gradient, from, out, to);
    } else if (n > longest_held_row<T>) {
      launch(context, softmax_backward_long<T>, {dim3(grid_size(y.size(0)))}, LongRows{n, packed}, gradient, from, out,
             to);
    } else {
      const RowShape shape{y.size(0), static_cast<int>(n), packed};
      with_held_rows<T>(shape, [&]<int packets>(HeldPackets<packets>, LaunchSize size) {
        launch(context, softmax_backward_held<T, packets>, size, shape, gradient, from, out, to);
      });
    }
  });
}

}  // namespace ebb::kernels
