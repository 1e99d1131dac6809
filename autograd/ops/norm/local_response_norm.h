#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

struct LocalResponseNormOptions {
  std::int64_t size;  ///< channels that share a denominator, about half of them below
  double alpha = 1e-4, beta = 0.75, k = 1;
};

/// x / (k + alpha (mean of x^2 over `size` neighbouring channels))^beta, of x (N, C, ...). Krizhevsky, Sutskever and
/// Hinton, NIPS 2012.
Tensor local_response_norm(const Tensor& x, const LocalResponseNormOptions& options, Site site = Site::current());

}  // namespace ebb
