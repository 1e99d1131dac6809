#pragma once

#include "ebb/autograd/ops/shape/convert.h"
#include "ebb/autograd/ops/shape/slice.h"
#include "ebb/core/tensor.h"

namespace ebb {

// Other views of the same elements, where strides allow, and copies. Sizes and dims may be negative as in PyTorch.

/// The elements in C order under a new shape, one size of which may be -1; a copy where strides do not allow a view.
Tensor reshape(const Tensor& x, const Shape& shape, Site site = Site::current());
/// As reshape, but an Error where a copy would be needed.
Tensor view(const Tensor& x, const Shape& shape, Site site = Site::current());
/// Dimensions start_dim to end_dim made one; a scalar becomes one element.
Tensor flatten(const Tensor& x, std::int64_t start_dim = 0, std::int64_t end_dim = -1, Site site = Site::current());
Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1, Site site = Site::current());
/// Dimension i of the result is dimension dims[i] of x.
Tensor permute(const Tensor& x, const Dims& dims, Site site = Site::current());
/// Dimensions of size 1 repeated, without a copy, to the sizes of `shape`; -1 keeps a size.
Tensor expand(const Tensor& x, const Shape& shape, Site site = Site::current());
Tensor squeeze(const Tensor& x, const Dims& dims, Site site = Site::current());
Tensor unsqueeze(const Tensor& x, std::int64_t dim, Site site = Site::current());
}  // namespace ebb
