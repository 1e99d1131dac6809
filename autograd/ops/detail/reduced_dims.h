#pragma once

#include "ebb/core/tensor.h"

/// What reductions share. Not installed.
namespace ebb::ops {

/// `dims` counted from the front, sorted; all of them where none is named.
Dims resolved(const Dims& dims, int rank);

// Of resolved dims:

Shape reduced_shape(const Shape& shape, const Dims& dims, bool keepdim);
/// How many elements become one.
std::int64_t count_of(const Shape& shape, const Dims& dims);
/// A result that has kept its reduced dimensions, without them unless `keepdim`. Differentiable.
Tensor without_dims(const Tensor& kept, const Dims& dims, bool keepdim);

}  // namespace ebb::ops
