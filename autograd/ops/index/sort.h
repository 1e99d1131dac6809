#pragma once

#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/core/tensor.h"

namespace ebb {

// Along one dimension. NaN is the greatest; equal elements keep their order, as PyTorch's with stable=True.

/// The elements in order, and where in x they stood (int64).
ValuesAndIndices sort(const Tensor& x, std::int64_t dim = -1, bool descending = false, Site site = Site::current());
Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false, Site site = Site::current());
/// The k greatest elements, or the smallest, in order.
ValuesAndIndices topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool largest = true,
                      Site site = Site::current());

}  // namespace ebb
