#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// Whether two positions may show one element: unless each stride steps over all that the smaller ones reach.
bool may_overlap_itself(const Shape& shape, const Strides& strides);

/// Whether some element of `a` is one of `b` too, at another position: false of tensors that show the same elements in
/// the same order.
bool overlap_partly(const Tensor& a, const Tensor& b);

}  // namespace ebb
