#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/scan/scan.h"

namespace ebb::kernels {

// Half precision, by way of float32.

template <class Context>
[[gnu::cold]] void cumsum_of_half(Context& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  in_float32(
      context, [&](const Tensor& from, Tensor& to) { cumsum(context, from, dim, reverse, to); }, x, y);
}

}  // namespace ebb::kernels
