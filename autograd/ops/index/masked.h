#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// x with `value`, or a tensor of one element, where mask (bool) holds; both broadcast.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value, Site site = Site::current());
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value, Site site = Site::current());
/// The elements where mask (bool) holds, in C order; both broadcast. Waits for the GPU.
Tensor masked_select(const Tensor& x, const Tensor& mask, Site site = Site::current());

}  // namespace ebb
