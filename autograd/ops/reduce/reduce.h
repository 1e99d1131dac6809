#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

// Reductions over `dims`, or over all dimensions where none is named. `keepdim` keeps reduced dimensions with size 1.

/// Of integers and bools in int64. An empty sum is 0.
Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());
Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());
/// How many elements are not 0 (int64), whether any is, and whether all are (bool).
Tensor count_nonzero(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());
Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());
Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());

/// The greatest element, NaN where there is one; equal ones share the gradient.
Tensor amax(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());
Tensor amin(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());

struct ValuesAndIndices {
  Tensor values, indices;  // indices: int64
};
/// The greatest element along one dimension and the position of the first such; the gradient goes there.
ValuesAndIndices max(const Tensor& x, std::int64_t dim, bool keepdim = false, Site site = Site::current());
ValuesAndIndices min(const Tensor& x, std::int64_t dim, bool keepdim = false, Site site = Site::current());
/// The greatest of all elements; equal ones share the gradient.
Tensor max(const Tensor& x, Site site = Site::current());
Tensor min(const Tensor& x, Site site = Site::current());

/// The position (int64) of the first greatest element; of the flattened tensor where no dim is given.
Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false, Site site = Site::current());
Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false, Site site = Site::current());

}  // namespace ebb
