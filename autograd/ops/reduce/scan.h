#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// The sum of the elements so far along one dimension. Of integers and bools in int64.
Tensor cumsum(const Tensor& x, std::int64_t dim, Site site = Site::current());

}  // namespace ebb
