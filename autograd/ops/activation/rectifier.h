#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

// Applied to each element of a floating tensor. NaN stays NaN. A name that ends in _ works in place.

/// max(x, 0), where NaN stays; gradient 0 at 0, 1 at NaN. Of integers too.
Tensor relu(const Tensor& x, Site site = Site::current());
Tensor relu_(const Tensor& x, Site site = Site::current());
/// x where x > 0, x * negative_slope elsewhere
Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01, Site site = Site::current());
Tensor leaky_relu_(const Tensor& x, double negative_slope = 0.01, Site site = Site::current());
/// As leaky_relu with a learnt slope: weight is () or (1), or (C) for x of (N, C, d1, ...).
Tensor prelu(const Tensor& x, const Tensor& weight, Site site = Site::current());

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
