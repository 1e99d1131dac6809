#pragma once

#include "ebb/kernels/cpu/row_loop.h"

namespace ebb::kernels {

/// y = op(x), of elements of type T.
template <class T, class Op>
void unary_as(const Op& op, const Tensor& x, Tensor& y) {
  const T* from = x.data<T>();
  T* to = y.data<T>();
  const bool same_order = x.strides() == y.strides() && x.shape() == y.shape() && y.is_contiguous();
  if (same_order && x.numel() <= elements_per_chunk) return map_row(from, 1, to, 1, x.numel(), op);
  for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
    map_row(from + at[0], step[0], to + at[1], step[1], count, op);
  });
}

/// y = op(a, b), of elements of type T and results of type R.
template <class T, class R, class Op>
void binary_as(const Op& op, const Tensor& a, const Tensor& b, Tensor& y) {
  const T *left = a.data<T>(), *right = b.data<T>();
  R* to = y.data<R>();
  const bool same_shape = a.shape() == y.shape() && b.shape() == y.shape();
  const bool same_order = a.is_contiguous() && b.is_contiguous() && y.is_contiguous();
  if (same_shape && same_order && y.numel() <= elements_per_chunk) {
    return map_row(left, 1, right, 1, to, 1, y.numel(), op);
  }
  for_each_row(plan_rows(y, a, b), [&](const auto& at, const auto& step, std::int64_t count) {
    map_row(left + at[0], step[0], right + at[1], step[1], to + at[2], step[2], count, op);
  });
}

}  // namespace ebb::kernels
