#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

// What networks apply to each element of a floating tensor, beside relu, sigmoid and tanh (unary.h). NaN stays NaN. A
// name that ends in _ works in place.

/// x where x > 0, x * negative_slope elsewhere
Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01, Site site = Site::current());
Tensor leaky_relu_(const Tensor& x, double negative_slope = 0.01, Site site = Site::current());
/// As leaky_relu with a learnt slope: weight is () or (1), or (C) for x of (N, C, d1, ...).
Tensor prelu(const Tensor& x, const Tensor& weight, Site site = Site::current());
/// x where x > 0, alpha (exp(x) - 1) elsewhere. Clevert et al., 2015.
Tensor elu(const Tensor& x, double alpha = 1, Site site = Site::current());
Tensor elu_(const Tensor& x, double alpha = 1, Site site = Site::current());
/// x where x > 0, alpha (exp(x / alpha) - 1) elsewhere. Barron, 2017.
Tensor celu(const Tensor& x, double alpha = 1, Site site = Site::current());
Tensor celu_(const Tensor& x, double alpha = 1, Site site = Site::current());
/// elu, scaled so that zero mean and unit variance stay. Klambauer et al., 2017.
Tensor selu(const Tensor& x, Site site = Site::current());
Tensor selu_(const Tensor& x, Site site = Site::current());

enum class GeluApproximation : std::uint8_t { none, tanh };
/// x times the probability that a standard normal number is less than x. Hendrycks and Gimpel, 2016.
Tensor gelu(const Tensor& x, GeluApproximation approximate = GeluApproximation::none, Site site = Site::current());
/// x sigmoid(x)
Tensor silu(const Tensor& x, Site site = Site::current());
Tensor silu_(const Tensor& x, Site site = Site::current());
/// x tanh(softplus(x)). Misra, 2019.
Tensor mish(const Tensor& x, Site site = Site::current());
Tensor mish_(const Tensor& x, Site site = Site::current());
/// log(1 + exp(beta x)) / beta, and x itself where beta x > threshold
Tensor softplus(const Tensor& x, double beta = 1, double threshold = 20, Site site = Site::current());
/// log(sigmoid(x)), which never overflows
Tensor logsigmoid(const Tensor& x, Site site = Site::current());

/// x limited to [min_val, max_val]; gradient 0 on and beyond them. Of integers too.
Tensor hardtanh(const Tensor& x, double min_val = -1, double max_val = 1, Site site = Site::current());
Tensor hardtanh_(const Tensor& x, double min_val = -1, double max_val = 1, Site site = Site::current());
/// x limited to [0, 6]
Tensor relu6(const Tensor& x, Site site = Site::current());
Tensor relu6_(const Tensor& x, Site site = Site::current());
/// relu6(x + 3) / 6
Tensor hardsigmoid(const Tensor& x, Site site = Site::current());
Tensor hardsigmoid_(const Tensor& x, Site site = Site::current());
/// x hardsigmoid(x). Howard et al., 2019.
Tensor hardswish(const Tensor& x, Site site = Site::current());
Tensor hardswish_(const Tensor& x, Site site = Site::current());

}  // namespace ebb
