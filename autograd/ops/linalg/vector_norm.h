#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// (sum of |x|^p)^(1 / p) over `dims`, or over all dimensions where none is named; for p of infinity, -infinity and 0
/// the limits: the greatest and the least size, and how many elements are not 0. Gradient 0 where the norm is 0.
Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());

/// x / max(norm(x), eps), along one dimension.
Tensor normalize(const Tensor& x, double p = 2, std::int64_t dim = 1, double eps = 1e-12, Site site = Site::current());

/// The cosine of the angle between a and b, of shapes that broadcast, along one dimension: their product over
/// max(norm(a), eps) max(norm(b), eps).
Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim = 1, double eps = 1e-8,
                         Site site = Site::current());

}  // namespace ebb
