#pragma once

#include "ebb/autograd/ops/loss/elementwise_loss.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

// One module for each loss of ebb/autograd/ops/loss/loss.h: what it computes stands there. Weights are buffers.

/// Cross entropy of scores and targets.
class CrossEntropyLoss : public Module {
 public:
  explicit CrossEntropyLoss(const CrossEntropyOptions& options = {});
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  CrossEntropyOptions options;
  Buffer weight;  ///< of the classes, (C), or undefined
};
inline CrossEntropyLoss cross_entropy_loss(const CrossEntropyOptions& options = {}) {
  return CrossEntropyLoss(options);
}

/// The same of log-probabilities.
class NLLLoss : public Module {
 public:
  explicit NLLLoss(const NllLossOptions& options = {});
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  NllLossOptions options;
  Buffer weight;  ///< of the classes, (C), or undefined
};
inline NLLLoss nll_loss(const NllLossOptions& options = {}) { return NLLLoss(options); }

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

class MSELoss : public Module {
 public:
  explicit MSELoss(const LossOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  LossOptions options;
};
inline MSELoss mse_loss(const LossOptions& options = {}) { return MSELoss(options); }

class L1Loss : public Module {
 public:
  explicit L1Loss(const LossOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  LossOptions options;
};
inline L1Loss l1_loss(const LossOptions& options = {}) { return L1Loss(options); }

struct SmoothL1LossOptions {
  Reduction reduction = Reduction::mean;
  double beta = 1;
};
class SmoothL1Loss : public Module {
 public:
  explicit SmoothL1Loss(const SmoothL1LossOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  SmoothL1LossOptions options;
};
inline SmoothL1Loss smooth_l1_loss(const SmoothL1LossOptions& options = {}) { return SmoothL1Loss(options); }

struct HuberLossOptions {
  Reduction reduction = Reduction::mean;
  double delta = 1;
};
class HuberLoss : public Module {
 public:
  explicit HuberLoss(const HuberLossOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  HuberLossOptions options;
};
inline HuberLoss huber_loss(const HuberLossOptions& options = {}) { return HuberLoss(options); }

/// Binary cross entropy of probabilities.
class BCELoss : public Module {
 public:
  explicit BCELoss(const BinaryCrossEntropyOptions& options = {});
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  BinaryCrossEntropyOptions options;
  Buffer weight;  ///< of each loss, or undefined
};
inline BCELoss bce_loss(const BinaryCrossEntropyOptions& options = {}) { return BCELoss(options); }

/// Binary cross entropy of scores.
class BCEWithLogitsLoss : public Module {
 public:
  explicit BCEWithLogitsLoss(const BinaryCrossEntropyWithLogitsOptions& options = {});
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  BinaryCrossEntropyWithLogitsOptions options;
  Buffer weight, pos_weight;  ///< or undefined
};
inline BCEWithLogitsLoss bce_with_logits_loss(const BinaryCrossEntropyWithLogitsOptions& options = {}) {
  return BCEWithLogitsLoss(options);
}

class KLDivLoss : public Module {
 public:
  explicit KLDivLoss(const KlDivOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const;

  KlDivOptions options;
};
inline KLDivLoss kl_div_loss(const KlDivOptions& options = {}) { return KLDivLoss(options); }

struct CosineSimilarityOptions {
  std::int64_t dim = 1;
  double eps = 1e-8;
};

/// The cosine of the angle between two tensors along one dimension; see ebb::cosine_similarity.
class CosineSimilarity : public Module {
 public:
  explicit CosineSimilarity(const CosineSimilarityOptions& given = {}) : options(given) {}
  Tensor operator()(const Tensor& a, const Tensor& b) const;

  CosineSimilarityOptions options;
};
inline CosineSimilarity cosine_similarity(const CosineSimilarityOptions& options = {}) {
  return CosineSimilarity(options);
}

}  // namespace ebb::nn
