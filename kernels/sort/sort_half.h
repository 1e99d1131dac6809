#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/sort/sort.h"

namespace ebb::kernels {

// Half precision, by way of float32.

template <class Context>
[[gnu::cold]] void sort_of_half(Context& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to, Tensor& at) { sort(context, from, descending, to, at); }, x, y,
      indices);
}

}  // namespace ebb::kernels
