#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

struct BatchNormOptions {
  bool training = false;  ///< normalise by the batch's statistics and update the running ones
  double momentum = 0.1;  ///< weight of the new statistics in the running ones
  double eps = 1e-5;
  Tensor num_batches_tracked{};  ///< a scalar (int64) that training increments; undefined, none is
};

/// (x - mean) / sqrt(var + eps) * weight + bias for each channel of x (N, C, ...). In training mean and var (biased)
/// are the batch's, and running_mean, running_var (with the unbiased one) are moved towards them in place; otherwise
/// they are the running ones. weight, bias, running_mean, running_var are (C), each may be undefined (the running ones
/// only in training). Ioffe and Szegedy, ICML 2015.
Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight = {},
                  const Tensor& bias = {}, const BatchNormOptions& options = {}, Site site = Site::current());

/// relu(batch_norm(x, ...) + residual) as one op, in two passes over memory where a batch norm, a sum and a ReLU take
/// five: how blocks of residual networks end. The residual has the shape of x; undefined, there is none.
Tensor batch_norm_relu(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                       const Tensor& weight = {}, const Tensor& bias = {}, const BatchNormOptions& options = {},
                       const Tensor& residual = {}, Site site = Site::current());

}  // namespace ebb
