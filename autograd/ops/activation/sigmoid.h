#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

// Applied to each element. NaN stays NaN.

/// 1 / (1 + exp(-x))
Tensor sigmoid(const Tensor& x, Site site = Site::current());
Tensor tanh(const Tensor& x, Site site = Site::current());
/// log(sigmoid(x)), which never overflows
Tensor logsigmoid(const Tensor& x, Site site = Site::current());
/// log(1 + exp(beta x)) / beta, and x itself where beta x > threshold
Tensor softplus(const Tensor& x, double beta = 1, double threshold = 20, Site site = Site::current());

}  // namespace ebb
