#pragma once

#include "ebb/core/tensor.h"

/// What the ops that index share. Not installed.
namespace ebb::ops {

/// An index (n) along dim as one for all of `shape`, which has n there.
Tensor spread(const Tensor& index, int dim, Shape shape);

/// Of `shape`: 0, plus src where the index says along dim; both have one shape, and that may differ from `shape` in
/// dim. Differentiable with respect to src.
Tensor sums_of_lines(const Shape& shape, int dim, const Tensor& index, const Tensor& src);

}  // namespace ebb::ops
