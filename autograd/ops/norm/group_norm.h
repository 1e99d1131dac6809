#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

struct GroupNormOptions {
  Tensor weight = {}, bias = {};  ///< (C), each may be undefined
  double eps = 1e-5;
};

/// (x - mean) / sqrt(var + eps) * weight + bias over each of num_groups equal groups of channels of x (N, C, ...). Wu
/// and He, ECCV 2018.
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

}  // namespace ebb
