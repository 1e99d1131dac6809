#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

/// The product along one dimension, or of all elements. Of integers and bools in int64. An empty product is 1.
Tensor prod(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false, Site site = Site::current());

}  // namespace ebb
