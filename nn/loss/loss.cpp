#include "ebb/nn/loss/loss.h"

#include "ebb/autograd/ops/linalg/vector_norm.h"

namespace ebb::nn {

CrossEntropyLoss::CrossEntropyLoss(const CrossEntropyOptions& o) : options(o), weight(this, "weight", o.weight) {}

Tensor CrossEntropyLoss::operator()(const Tensor& x, const Tensor& target) const {
  CrossEntropyOptions current = options;
  current.weight = weight;
  return ebb::cross_entropy(x, target, current);
}

NLLLoss::NLLLoss(const NllLossOptions& o) : options(o), weight(this, "weight", o.weight) {}

Tensor NLLLoss::operator()(const Tensor& x, const Tensor& target) const {
  NllLossOptions current = options;
  current.weight = weight;
  return ebb::nll_loss(x, target, current);
}

Tensor MSELoss::operator()(const Tensor& x, const Tensor& target) const {
  return ebb::mse_loss(x, target, options.reduction);
}

Tensor L1Loss::operator()(const Tensor& x, const Tensor& target) const {
  return ebb::l1_loss(x, target, options.reduction);
}

Tensor SmoothL1Loss::operator()(const Tensor& x, const Tensor& target) const {
  return ebb::smooth_l1_loss(x, target, options.reduction, options.beta);
}

Tensor HuberLoss::operator()(const Tensor& x, const Tensor& target) const {
  return ebb::huber_loss(x, target, options.reduction, options.delta);
}

BCELoss::BCELoss(const BinaryCrossEntropyOptions& o) : options(o), weight(this, "weight", o.weight) {}

Tensor BCELoss::operator()(const Tensor& x, const Tensor& target) const {
  return ebb::binary_cross_entropy(x, target, {.weight = weight, .reduction = options.reduction});
}

BCEWithLogitsLoss::BCEWithLogitsLoss(const BinaryCrossEntropyWithLogitsOptions& o)
    : options(o), weight(this, "weight", o.weight), pos_weight(this, "pos_weight", o.pos_weight) {}

Tensor BCEWithLogitsLoss::operator()(const Tensor& x, const Tensor& target) const {
  return ebb::binary_cross_entropy_with_logits(
      x, target, {.weight = weight, .pos_weight = pos_weight, .reduction = options.reduction});
}

Tensor KLDivLoss::operator()(const Tensor& x, const Tensor& target) const { return ebb::kl_div(x, target, options); }

Tensor CosineSimilarity::operator()(const Tensor& a, const Tensor& b) const {
  return ebb::cosine_similarity(a, b, options.dim, options.eps);
}

}  // namespace ebb::nn
