#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// What becomes of the losses of the elements. batchmean, of kl_div alone: their sum over the size of dimension 0.
enum class Reduction : std::uint8_t { none, mean, sum, batchmean };

struct NllLossOptions {
  Tensor weight = {};  ///< of each class, (C); undefined for 1
  std::int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;  ///< mean: over the weights of the targets
};

/// -x[target], of log-probabilities x (C), (N, C) or (N, C, d1, ...) and classes target (), (N) or (N, d1, ...), int64.
Tensor nll_loss(const Tensor& x, const Tensor& target, const NllLossOptions& options = {}, Site site = Site::current());

struct CrossEntropyOptions {
  Tensor weight = {};
  std::int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
  double label_smoothing = 0;  ///< the share of each target that is spread evenly over all classes
};

/// Cross entropy of the classes' scores x: (C), (N, C) or (N, C, d1, ...). target: classes (int64) as for nll_loss, or
/// probabilities of the shape and dtype of x.
Tensor cross_entropy(const Tensor& x, const Tensor& target, const CrossEntropyOptions& options = {},
                     Site site = Site::current());

}  // namespace ebb
