#pragma once

#include <algorithm>

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {

// Half precision, by way of float32.

namespace half {

/// Calls `reduction(x, y)` in float32: a few slices at a time where each has a result of its own.
template <class Context, class Reduction>
[[gnu::cold]] void reduced(Context& context, Reduction reduction, const Tensor& x, const Dims& dims, Tensor& y) {
  const bool has_own = x.dim() > 0 && std::ranges::find(dims, 0) == dims.end();
  if (has_own) return in_float32_by_slices(context, reduction, x, y);
  in_float32(context, reduction, x, y);
}

}  // namespace half

template <class Context>
[[gnu::cold]] void sum_of_half(Context& context, const Tensor& x, const Dims& dims, Tensor& y) {
  half::reduced(
      context, [&](const Tensor& from, Tensor& to) { sum(context, from, dims, to); }, x, dims, y);
}

template <class Context>
[[gnu::cold]] void prod_of_half(Context& context, const Tensor& x, const Dims& dims, Tensor& y) {
  half::reduced(
      context, [&](const Tensor& from, Tensor& to) { prod(context, from, dims, to); }, x, dims, y);
}

template <class Context>
[[gnu::cold]] void extreme_of_half(Context& context, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  half::reduced(
      context, [&](const Tensor& from, Tensor& to) { extreme(context, which, from, dims, to); }, x, dims, y);
}

template <class Context>
[[gnu::cold]] void arg_extreme_of_half(Context& context, Extreme which, const Tensor& x, int dim, Tensor& y) {
  half::reduced(
      context, [&](const Tensor& from, Tensor& to) { arg_extreme(context, which, from, dim, to); }, x, {dim}, y);
}

}  // namespace ebb::kernels
