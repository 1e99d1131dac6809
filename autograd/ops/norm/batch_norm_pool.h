#pragma once

#include "ebb/autograd/ops/norm/batch_norm.h"
#include "ebb/autograd/ops/pool/max_pool.h"

namespace ebb {

/// max_pool2d(batch_norm_relu(x, ...), pooling) of x (N, C, H, W) as one op: how a stage of a convolutional network
/// often ends. In training on the CPU the norm is pooled a few rows at a time, so that it is nowhere as a whole:
/// neither memory nor time is spent on it. Everywhere else these are two ops.
Tensor batch_norm_relu_max_pool2d(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                                  const Tensor& weight, const Tensor& bias, const BatchNormOptions& options,
                                  const MaxPool2dOptions& pooling, Site site = Site::current());

}  // namespace ebb
