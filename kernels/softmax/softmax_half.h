#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/softmax/softmax.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

[[gnu::cold]] inline void softmax_of_half(CpuContext& context, SoftmaxOf what, const Tensor& x, Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { softmax(context, what, from, to); }, x, y);
}

[[gnu::cold]] inline void softmax_backward_of_half(CpuContext& context, SoftmaxOf what, const Tensor& dy,
                                                   const Tensor& y, Tensor& dx) {
  in_float32_by_slices(
      context,
      [&](const Tensor& from, const Tensor& out, Tensor& to) { softmax_backward(context, what, from, out, to); }, dy, y,
      dx);
}

}  // namespace ebb::kernels
