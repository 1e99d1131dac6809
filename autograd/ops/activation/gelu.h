#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

// Applied to each element of a floating tensor. NaN stays NaN. A name that ends in _ works in place.

enum class GeluApproximation : std::uint8_t { none, tanh };
/// x times the probability that a standard normal number is less than x. Hendrycks and Gimpel, 2016.
Tensor gelu(const Tensor& x, GeluApproximation approximate = GeluApproximation::none, Site site = Site::current());
/// x sigmoid(x)
Tensor silu(const Tensor& x, Site site = Site::current());
Tensor silu_(const Tensor& x, Site site = Site::current());
/// x tanh(softplus(x)). Misra, 2019.
Tensor mish(const Tensor& x, Site site = Site::current());
Tensor mish_(const Tensor& x, Site site = Site::current());

}  // namespace ebb
