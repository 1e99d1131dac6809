#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "ebb/core/tensor.h"
#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/cpu/row_loop.h"

namespace ebb::kernels {

/// y[i] = op(x[i]) for i < count, of one element type; `op` is the variant that holds the functor.
using UnaryRow = void (*)(const void* op, const void* x, void* y, std::int64_t count);
/// y = op(a, b) likewise.
using BinaryRow = void (*)(const void* op, const void* a, const void* b, void* y, std::int64_t count);
/// y = op(a, b, c) likewise; `op` is the functor itself.
using TernaryRow = void (*)(const void* op, const void* a, const void* b, const void* c, void* y, std::int64_t count);

// The function for the alternative that `op` counts, of UnaryOp, BinaryOp, CompareOp and ActivationOp, for float or
// double. Null where there is none.
template <Isa, class T>
UnaryRow unary_row(std::size_t op);
template <Isa, class T>
BinaryRow binary_row(std::size_t op);
template <Isa, class T>
BinaryRow compare_row(std::size_t op);
template <Isa, class T>
UnaryRow activation_row(std::size_t op);
template <Isa, class T>
BinaryRow activation_backward_row(std::size_t op);

namespace detail {

void map_all_rows(UnaryRow row, const void* op, const Tensor& x, Tensor& y);
void map_all_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b, Tensor& y);

/// Whether x and y are one short row each: for what is small, the plan of a walk would take longer than the walk.
inline bool are_short_rows(const TensorBody& x, const TensorBody& y) {
  return y.numel <= elements_per_chunk && x.is_contiguous && y.is_contiguous && !is_half_precision(x.dtype) &&
         x.shape == y.shape;
}

}  // namespace detail

/// y = op(x) for inputs of any strides that broadcast to the shape of y.
inline void map_rows(UnaryRow row, const void* op, const Tensor& x, Tensor& y) {
  const TensorBody &from = x.body(), &to = y.body();
  const bool is_one_row = from.dtype == to.dtype && detail::are_short_rows(from, to);
  if (!is_one_row) return detail::map_all_rows(row, op, x, y);
  to.storage->expose();
  row(op, from.data(), to.data(), to.numel);
}
/// y = op(a, b) likewise.
inline void map_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b, Tensor& y) {
  const TensorBody &left = a.body(), &right = b.body(), &to = y.body();
  const bool is_one_row =
      left.dtype == right.dtype && detail::are_short_rows(left, to) && detail::are_short_rows(right, to);
  if (!is_one_row) return detail::map_all_rows(row, op, a, b, y);
  to.storage->expose();
  row(op, left.data(), right.data(), to.data(), to.numel);
}
/// y = op(a, b, c) likewise.
void map_rows(TernaryRow row, const void* op, const Tensor& a, const Tensor& b, const Tensor& c, Tensor& y);

/// The sum of op(a, b), of a and b whose elements lie without gaps and in one order. The same for any number of
/// threads.
double sum_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b);

}  // namespace ebb::kernels
