#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/scan/scan.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32.

[[gnu::cold]] inline void cumsum_of_half(CpuContext& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  in_float32(
      context, [&](const Tensor& from, Tensor& to) { cumsum(context, from, dim, reverse, to); }, x, y);
}

}  // namespace ebb::kernels
