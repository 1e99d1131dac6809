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

}  // namespace ebb
