#pragma once

#include <limits>
#include <span>

#include "ebb/core/tensor.h"

namespace ebb::nn {

struct ClipGradNormOptions {
  double max_norm;
  double norm_type = 2;  ///< p of the p-norm; infinity for the greatest absolute value
  bool error_if_nonfinite = false;
};

/// Scales all gradients so that their norm, as if they were one vector, is at most max_norm; Pascanu et al., ICML 2013.
/// Returns the norm before, as a scalar tensor. Parameters without a gradient are left out.
Tensor clip_grad_norm_(std::span<const Tensor> parameters, const ClipGradNormOptions& options);
/// Limits every element of the gradients to [-clip_value, clip_value].
void clip_grad_value_(std::span<const Tensor> parameters, double clip_value);

}  // namespace ebb::nn
