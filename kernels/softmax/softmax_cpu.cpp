#include "ebb/kernels/softmax/softmax.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/lines.h"
#include "ebb/kernels/softmax/softmax_half.h"
#include "ebb/kernels/softmax/softmax_loops.h"

namespace ebb::kernels {

void softmax(CpuContext& context, SoftmaxOf what, const Tensor& x, Tensor& y) {
  if (have_half(x)) return softmax_of_half(context, what, x, y);
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t n = x.size(1), inner = x.size(2);
    if (inner == 1) {
      const auto row = best([]<Isa isa> { return softmax_row<isa, T>; });
      for_each_line(x, [&](std::int64_t outer) { row(from + outer * n, n, what, to + outer * n); });
    } else {
      const auto columns = best([]<Isa isa> { return softmax_columns<isa, T>; });
      for_each_columns(x, [&](std::int64_t outer, std::int64_t column, std::int64_t width) {
        const std::int64_t first = outer * n * inner + column;
        columns(from + first, n, inner, width, what, to + first);
      });
    }
  });
}

void softmax_backward(CpuContext& context, SoftmaxOf what, const Tensor& dy, const Tensor& y, Tensor& dx) {
  if (have_half(y)) return softmax_backward_of_half(context, what, dy, y, dx);
  if (y.numel() == 0) return;
  visit_float(y.dtype(), [&]<class T>() {
    const T *from = dy.data<T>(), *out = y.data<T>();
    T* to = dx.data<T>();
    const std::int64_t n = y.size(1), inner = y.size(2);
    if (inner == 1) {
      const auto row = best([]<Isa isa> { return softmax_row_backward<isa, T>; });
      for_each_line(y, [&](std::int64_t outer) { row(from + outer * n, out + outer * n, n, what, to + outer * n); });
    } else {
      const auto columns = best([]<Isa isa> { return softmax_columns_backward<isa, T>; });
      for_each_columns(y, [&](std::int64_t outer, std::int64_t column, std::int64_t width) {
        const std::int64_t first = outer * n * inner + column;
        columns(from + first, out + first, n, inner, width, what, to + first);
      });
    }
  });
}

}  // namespace ebb::kernels
