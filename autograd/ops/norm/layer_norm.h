#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

struct LayerNormOptions {
  Tensor weight = {}, bias = {};  ///< of the normalised dimensions' shape, each may be undefined
  double eps = 1e-5;
};

/// (x - mean) / sqrt(var + eps) * weight + bias over the last dimensions, which are normalized_shape; var is biased.
/// Ba, Kiros and Hinton, arXiv:1607.06450.
Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const LayerNormOptions& options = {},
                  Site site = Site::current());

struct RmsNormOptions {
  Tensor weight = {};
  std::optional<double> eps = {};  ///< the dtype's precision where absent
};

/// x / sqrt(mean of x^2 + eps) * weight over the last dimensions. Zhang and Sennrich, NeurIPS 2019.
Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const RmsNormOptions& options = {},
                Site site = Site::current());

struct GroupNormOptions {
  Tensor weight = {}, bias = {};  ///< (C), each may be undefined
  double eps = 1e-5;
};

/// The same over each of num_groups equal groups of channels of x (N, C, ...). Wu and He, ECCV 2018.
Tensor group_norm(const Tensor& x, std::int64_t num_groups, const GroupNormOptions& options = {},
                  Site site = Site::current());

struct InstanceNormOptions {
  Tensor running_mean = {}, running_var = {};  ///< (C), both or none
  Tensor weight = {}, bias = {};               ///< (C), each may be undefined
  bool use_input_stats = true;                 ///< normalise by x, and not by the running statistics
  double momentum = 0.1;                       ///< weight of the new statistics in the running ones
  double eps = 1e-5;
};

/// The same over each channel of x (N, C, ...). The running statistics, where given, are moved in place towards the
/// means over N of the mean and of the unbiased variance. Ulyanov, Vedaldi and Lempitsky, arXiv:1607.08022.
Tensor instance_norm(const Tensor& x, const InstanceNormOptions& options = {}, Site site = Site::current());

struct LocalResponseNormOptions {
  std::int64_t size;  ///< channels that share a denominator, about half of them below
  double alpha = 1e-4, beta = 0.75, k = 1;
};

/// x / (k + alpha (mean of x^2 over `size` neighbouring channels))^beta, of x (N, C, ...). Krizhevsky, Sutskever and
/// Hinton, NIPS 2012.
Tensor local_response_norm(const Tensor& x, const LocalResponseNormOptions& options, Site site = Site::current());

}  // namespace ebb
