#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// The elements at `offset` + i . strides of x's storage, all counted in elements. What relates views of one base.
Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset,
                  Site site = Site::current());

/// `x` with every element that such a view shows set to 0, stored with `base_strides`.
Tensor zero_region(const Tensor& x, const Strides& base_strides, const Shape& shape, const Strides& strides,
                   std::int64_t offset, Site site = Site::current());

/// x itself where it has the strides, a copy that has them otherwise.
Tensor with_strides(const Tensor& x, const Strides& strides, Site site = Site::current());

}  // namespace ebb
