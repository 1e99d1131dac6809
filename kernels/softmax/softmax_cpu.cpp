#include "ebb/kernels/softmax/softmax.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/softmax/softmax_half.h"
#include "ebb/kernels/softmax/softmax_loops.h"

namespace ebb::kernels {
namespace {

/// Calls `body(first element)` for each row of x (outer, n, 1), on several threads.
template <class Body>
void for_each_line(const Tensor& x, Body&& body) {
  const std::int64_t n = x.size(1), grain = std::max<std::int64_t>(1, elements_per_chunk / n);
  parallel_for(x.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row * n);
  });
}

/// Calls `body(first element, width)` for the columns of x (outer, n, inner), some together.
template <class Body>
void for_each_columns(const Tensor& x, Body&& body) {
  const std::int64_t n = x.size(1), inner = x.size(2), strips = (inner + columns_together - 1) / columns_together;
  const std::int64_t grain = std::max<std::int64_t>(1, elements_per_chunk / (n * std::min(inner, columns_together)));
  parallel_for(x.size(0) * strips, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % strips * columns_together;
      body(i / strips * n * inner + first, std::min(columns_together, inner - first));
    }
  });
}

}  // namespace

void softmax(CpuContext& context, SoftmaxOf what, const Tensor& x, Tensor& y) {
  if (have_half(x)) return softmax_of_half(context, what, x, y);
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t n = x.size(1), inner = x.size(2);
    if (inner == 1) {
      const auto row = best([]<Isa isa> { return softmax_row<isa, T>; });
      for_each_line(x, [&](std::int64_t first) { row(from + first, n, what, to + first); });
    } else {
      const auto columns = best([]<Isa isa> { return softmax_columns<isa, T>; });
      for_each_columns(
          x, [&](std::int64_t first, std::int64_t width) { columns(from + first, n, inner, width, what, to + first); });
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
      for_each_line(y, [&](std::int64_t first) { row(from + first, out + first, n, what, to + first); });
    } else {
      const auto columns = best([]<Isa isa> { return softmax_columns_backward<isa, T>; });
      for_each_columns(y, [&](std::int64_t first, std::int64_t width) {
        columns(from + first, out + first, n, inner, width, what, to + first);
      });
    }
  });
}

}  // namespace ebb::kernels
