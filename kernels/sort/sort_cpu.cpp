#include "ebb/kernels/sort/sort.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/sort/sort_half.h"
#include "ebb/kernels/sort/sort_order.h"

namespace ebb::kernels {
namespace {

template <class T>
struct Element {
  T value;
  std::int64_t index;
};

template <class T>
void sort_rows(const Tensor& x, bool descending, T* y, std::int64_t* indices) {
  const T* from = x.data<T>();
  const std::int64_t n = x.size(1);
  parallel_for(x.size(0), std::max<std::int64_t>(1, 4096 / n), [&](std::int64_t begin, std::int64_t end) {
    std::vector<Element<T>> row(static_cast<std::size_t>(n));
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t i = 0; i < n; ++i) {
        row[static_cast<std::size_t>(i)] = {from[r * x.stride(0) + i * x.stride(1)], i};
      }
      std::ranges::sort(row, [descending](const Element<T>& a, const Element<T>& b) {
        if (precedes(a.value, b.value, descending)) return true;
        return !precedes(b.value, a.value, descending) && a.index < b.index;
      });
      for (std::int64_t i = 0; i < n; ++i) {
        y[r * n + i] = row[static_cast<std::size_t>(i)].value;
        indices[r * n + i] = row[static_cast<std::size_t>(i)].index;
      }
    }
  });
}

/// Calls `move(row of x, row of y, k, i)` for each element, which is the k-th of all and the i-th of its row.
template <class Move>
void for_each_in_rows(const Tensor& x, Tensor& y, Move&& move) {
  const std::int64_t n = x.size(1);
  visit_floating(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    parallel_for(x.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin; k < end; ++k) move(from + k / n * x.stride(0), to + k / n * n, k, k % n);
    });
  });
}

}  // namespace

void sort(CpuContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  if (have_half(x)) return sort_of_half(context, x, descending, y, indices);
  if (x.numel() == 0) return;
  visit_number(x.dtype(), [&]<class T>() { sort_rows<T>(x, descending, y.data<T>(), indices.data<std::int64_t>()); });
}

void permute_rows(CpuContext&, const Tensor& x, const Tensor& order, Tensor& y) {
  for_each_in_rows(x, y,
                   [step = x.stride(1), at = order.data<std::int64_t>()](
                       const auto* from, auto* to, std::int64_t k, std::int64_t i) { to[i] = from[at[k] * step]; });
}

void unpermute_rows(CpuContext&, const Tensor& x, const Tensor& order, Tensor& y) {
  for_each_in_rows(x, y,
                   [step = x.stride(1), at = order.data<std::int64_t>()](
                       const auto* from, auto* to, std::int64_t k, std::int64_t i) { to[at[k]] = from[i * step]; });
}

}  // namespace ebb::kernels
