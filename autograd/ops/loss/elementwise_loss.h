#pragma once

#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/core/tensor.h"

namespace ebb {

// Losses of single elements. x and target broadcast where nothing else is said.

/// (x - target)^2. A weight has the shape of x; the mean is then over the weights.
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean, const Tensor& weight = {},
                Site site = Site::current());
/// |x - target|. The weight as for mse_loss.
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean, const Tensor& weight = {},
               Site site = Site::current());
/// d^2 / (2 beta) of differences |d| < beta, |d| - beta / 2 of others. Girshick, 2015.
Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean, double beta = 1,
                      Site site = Site::current());
/// d^2 / 2 of differences |d| < delta, delta (|d| - delta / 2) of others. The weight has the shape of x; the mean is
/// over the elements.
Tensor huber_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean, double delta = 1,
                  const Tensor& weight = {}, Site site = Site::current());

struct BinaryCrossEntropyOptions {
  Tensor weight = {};  ///< of each loss; broadcasts
  Reduction reduction = Reduction::mean;
};

/// -(target log(x) + (1 - target) log(1 - x)) of probabilities x in [0, 1] and targets of their shape and dtype. A
/// logarithm is at least -100.
Tensor binary_cross_entropy(const Tensor& x, const Tensor& target, const BinaryCrossEntropyOptions& options = {},
                            Site site = Site::current());

struct BinaryCrossEntropyWithLogitsOptions {
  Tensor weight = {};      ///< of each loss; broadcasts
  Tensor pos_weight = {};  ///< of log(sigmoid(x)); broadcasts
  Reduction reduction = Reduction::mean;
};

/// binary_cross_entropy(sigmoid(x), target), without the overflow of computing it so. Equal shapes.
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        const BinaryCrossEntropyWithLogitsOptions& options = {},
                                        Site site = Site::current());

struct KlDivOptions {
  Reduction reduction = Reduction::mean;  ///< batchmean is the divergence of distributions that stand in rows
  bool log_target = false;                ///< whether target holds logarithms
};

/// target (log(target) - x), of log-probabilities x.
Tensor kl_div(const Tensor& x, const Tensor& target, const KlDivOptions& options = {}, Site site = Site::current());

/// log(1 + exp(-target x)), of targets 1 and -1 and equal shapes.
Tensor soft_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean,
                        Site site = Site::current());
/// x where the target is 1, max(margin - x, 0) where it is -1.
Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, double margin = 1,
                            Reduction reduction = Reduction::mean, Site site = Site::current());

}  // namespace ebb
