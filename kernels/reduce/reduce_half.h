#pragma once

#include <algorithm>

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

namespace half {

/// Calls `reduction(x, y)` in float32: a few slices at a time where each has a result of its own.
template <class Reduction>
[[gnu::cold]] void reduced(CpuContext& context, Reduction reduction, const Tensor& x, const Dims& dims, Tensor& y) {
  const bool has_own = x.dim() > 0 && std::ranges::find(dims, 0) == dims.end();
  if (has_own) return in_float32_by_slices(context, reduction, x, y);
  in_float32(context, reduction, x, y);
}

/// The same where results of parts can be reduced again, so that all of x need never be there in float32. How many
/// parts there are depends on the sizes only.
template <class Reduction>
[[gnu::cold]] void reduced_in_parts(CpuContext& context, Reduction reduction, const Tensor& x, const Dims& dims,
                                    Tensor& y) {
  constexpr std::int64_t elements_of_part = 1 << 18;
  const std::int64_t count = x.dim() > 0 ? x.size(0) : 1;
  const std::int64_t of_slice = std::max<std::int64_t>(x.numel() / std::max<std::int64_t>(count, 1), 1);
  const std::int64_t together = std::max<std::int64_t>(elements_of_part / of_slice, 1);
  const bool is_large = x.numel() > 0 && count > together;
  if (!is_large || std::ranges::find(dims, 0) == dims.end()) return reduced(context, reduction, x, dims, y);
  Shape shape = y.shape();
  shape[0] = (count + together - 1) / together;
  const Tensor parts = allocate(shape, kFloat32);
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    const Tensor part = slices(x, i * together, std::min(together, count - i * together));
    Tensor result = slices(parts, i, 1);
    in_float32(context, reduction, part, result);
  }
  in_float32(context, reduction, parts, y);
}

}  // namespace half

/// y may be float32.
[[gnu::cold]] inline void sum_of_half(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  half::reduced_in_parts(
      context, [&](const Tensor& from, Tensor& to) { sum(context, from, dims, to); }, x, dims, y);
}

[[gnu::cold]] inline void prod_of_half(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  half::reduced_in_parts(
      context, [&](const Tensor& from, Tensor& to) { prod(context, from, dims, to); }, x, dims, y);
}

[[gnu::cold]] inline void extreme_of_half(CpuContext& context, Extreme which, const Tensor& x, const Dims& dims,
                                          Tensor& y) {
  half::reduced_in_parts(
      context, [&](const Tensor& from, Tensor& to) { extreme(context, which, from, dims, to); }, x, dims, y);
}

[[gnu::cold]] inline void arg_extreme_of_half(CpuContext& context, Extreme which, const Tensor& x, int dim, Tensor& y) {
  half::reduced(
      context, [&](const Tensor& from, Tensor& to) { arg_extreme(context, which, from, dim, to); }, x, {dim}, y);
}

}  // namespace ebb::kernels
