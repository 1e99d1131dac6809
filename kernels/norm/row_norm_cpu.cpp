#include "ebb/kernels/norm/row_norm.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/norm/row_loops.h"

namespace ebb::kernels {

/// Calls `body(row, first element)` for each row, on several threads.
template <class Body>
static void for_each_row_of(const Tensor& x, Body&& body) {
  const std::int64_t n = x.size(1);
  parallel_for(x.size(0), std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(n, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row) body(row, row * n);
               });
}

void row_norm(CpuContext&, const Tensor& x, double eps, Tensor& y, Tensor& rstd) {
  visit_float(x.dtype(), [&]<class T>() {
    const auto normalize = best([]<Isa isa> { return normalize_row<isa, T>; });
    for_each_row_of(x, [&](std::int64_t row, std::int64_t first) {
      rstd.data<T>()[row] = normalize(x.data<T>() + first, x.size(1), eps, y.data<T>() + first);
    });
  });
}

void row_norm_backward(CpuContext&, const Tensor& dy, const Tensor& y, const Tensor& rstd, Tensor& dx) {
  visit_float(dy.dtype(), [&]<class T>() {
    const auto backward = best([]<Isa isa> { return normalize_row_backward<isa, T>; });
    for_each_row_of(dy, [&](std::int64_t row, std::int64_t first) {
      backward(dy.data<T>() + first, y.data<T>() + first, dy.size(1), rstd.data<T>()[row], dx.data<T>() + first);
    });
  });
}

}  // namespace ebb::kernels
