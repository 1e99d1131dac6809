#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

// Applied to each element of a floating tensor. NaN stays NaN. A name that ends in _ works in place.

/// x where x > 0, alpha (exp(x) - 1) elsewhere. Clevert et al., 2015.
Tensor elu(const Tensor& x, double alpha = 1, Site site = Site::current());
Tensor elu_(const Tensor& x, double alpha = 1, Site site = Site::current());
/// x where x > 0, alpha (exp(x / alpha) - 1) elsewhere. Barron, 2017.
Tensor celu(const Tensor& x, double alpha = 1, Site site = Site::current());
Tensor celu_(const Tensor& x, double alpha = 1, Site site = Site::current());
/// elu, scaled so that zero mean and unit variance stay. Klambauer et al., 2017.
Tensor selu(const Tensor& x, Site site = Site::current());
Tensor selu_(const Tensor& x, Site site = Site::current());

}  // namespace ebb
