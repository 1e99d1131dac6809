#pragma once

#include <algorithm>

#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/rows.h"

namespace ebb::kernels {

struct SideBySide {
  Tensor a, b;
};

/// a and b, of one shape, with their elements in one order and without gaps: themselves, or copies.
template <class Context>
SideBySide side_by_side(Context& context, const Tensor& a, const Tensor& b) {
  const auto rows = plan_rows(a, b);
  const auto is_dense = [&](const Strides& strides) { return strides[0] == 1 || rows.numel <= 1; };
  if (rows.sizes.size() == 1 && std::ranges::all_of(rows.strides, is_dense)) return {a, b};
  const auto copied = [&](const Tensor& from) {
    Tensor to = allocate(from.shape(), from.dtype(), from.device());
    copy(context, from, to);
    return to;
  };
  return {copied(a), copied(b)};
}

}  // namespace ebb::kernels
