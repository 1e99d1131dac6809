#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// A copy of x whose gradient arrives at x times `factor`: a loss of it counts that much more.
Tensor scale_gradient(const Tensor& x, double factor, Site site = Site::current());

}  // namespace ebb
