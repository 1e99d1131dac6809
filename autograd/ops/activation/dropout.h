#pragma once

#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"

namespace ebb {

/// In training each element is 0 with probability p and otherwise scaled by 1 / (1 - p); x itself where not training.
/// Srivastava et al., JMLR 15 (2014).
Tensor dropout(const Tensor& x, double p = 0.5, bool training = true, Site site = Site::current());

}  // namespace ebb
