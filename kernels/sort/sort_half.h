#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/sort/sort.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

[[gnu::cold]] inline void sort_of_half(CpuContext& context, const Tensor& x, bool descending, Tensor& y,
                                       Tensor& indices) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to, Tensor& at) { sort(context, from, descending, to, at); }, x, y,
      indices);
}

}  // namespace ebb::kernels
