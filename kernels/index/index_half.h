#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/index/index.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

[[gnu::cold]] inline void scatter_of_half(CpuContext& context, Scatter how, int dim, const Tensor& index,
                                          const Tensor& src, Tensor& y) {
  const Tensor before = y;
  in_float32(
      context,
      [&](const Tensor& start, const Tensor& from, Tensor& to) {
        copy(context, start, to);
        scatter(context, how, dim, index, from, to);
      },
      before, src, y);
}

}  // namespace ebb::kernels
