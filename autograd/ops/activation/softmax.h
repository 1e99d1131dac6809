#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// exp(x) / sum of exp(x) along one dimension, computed from x - max(x).
Tensor softmax(const Tensor& x, std::int64_t dim, Site site = Site::current());
/// log(softmax(x)), without the overflow of computing it so.
Tensor log_softmax(const Tensor& x, std::int64_t dim, Site site = Site::current());

/// log of the sum of exp(x) over `dims`, or over all dimensions where none is named, without overflow.
Tensor logsumexp(const Tensor& x, const Dims& dims = {}, bool keepdim = false, Site site = Site::current());

}  // namespace ebb
