#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// The elements at `offset` + i . strides of x's storage, all counted in elements. What relates views of one base.
/// Gradients of elements that are shown several times add; strides must not be negative, nor lead outside of the
/// storage.
Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset,
                  Site site = Site::current());

/// What a view shows of x, were it stored with `base_strides`; `offset` counts from x's first element.
Tensor region_of(const Tensor& x, const Strides& base_strides, const Shape& shape, const Strides& strides,
                 std::int64_t offset);

/// `x` with every element that such a view shows set to 0, stored with `base_strides`.
Tensor zero_region(const Tensor& x, const Strides& base_strides, const Shape& shape, const Strides& strides,
                   std::int64_t offset, Site site = Site::current());

/// x itself where it has the strides, a copy that has them otherwise.
Tensor with_strides(const Tensor& x, const Strides& strides, Site site = Site::current());

}  // namespace ebb
