#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// A view of the diagonal, `offset` to the right, of the matrices of two dimensions; it becomes the last dimension.
Tensor diagonal(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1,
                Site site = Site::current());
/// The diagonal of a matrix, or the matrix with x (n) on its diagonal and 0 elsewhere.
Tensor diag(const Tensor& x, std::int64_t offset = 0, Site site = Site::current());

}  // namespace ebb
