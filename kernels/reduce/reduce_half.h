#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb::kernels {

// Half precision, by way of float32.

template <class Context>
[[gnu::cold]] void sum_of_half(Context& context, const Tensor& x, const Dims& dims, Tensor& y) {
  in_float32(
      context, [&](const Tensor& from, Tensor& to) { sum(context, from, dims, to); }, x, y);
}

template <class Context>
[[gnu::cold]] void prod_of_half(Context& context, const Tensor& x, const Dims& dims, Tensor& y) {
  in_float32(
      context, [&](const Tensor& from, Tensor& to) { prod(context, from, dims, to); }, x, y);
}

template <class Context>
[[gnu::cold]] void extreme_of_half(Context& context, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  in_float32(
      context, [&](const Tensor& from, Tensor& to) { extreme(context, which, from, dims, to); }, x, y);
}

template <class Context>
[[gnu::cold]] void arg_extreme_of_half(Context& context, Extreme which, const Tensor& x, int dim, Tensor& y) {
  in_float32(
      context, [&](const Tensor& from, Tensor& to) { arg_extreme(context, which, from, dim, to); }, x, y);
}

}  // namespace ebb::kernels
