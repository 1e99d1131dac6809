#include "ebb/autograd/ops/loss/elementwise_loss.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/activation/sigmoid.h"
#include "ebb/autograd/ops/detail/activate.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/reduce_loss.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/record.h"
#include "ebb/core/warning.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::opmath;
using ops::reduced;

// Losses of half precision are computed in float32 as a whole, and rounded once.

namespace {

/// `losses`, weighted where a weight is given.
Tensor weighted(const Tensor& losses, const Tensor& weight) { return weight.defined() ? losses * weight : losses; }

void check_weight(const Tensor& weight, const Tensor& x) {
  check(!weight.defined() || weight.shape() == x.shape(), "the weight must have the shape of the input, ", x.shape(),
        "; got ", weight.defined() ? weight.shape() : Shape());
}

/// The mean of weighted losses is over the weights.
Tensor reduced_with(const Tensor& weight, const Tensor& losses, const Tensor& x, Reduction reduction) {
  check_weight(weight, x);
  if (weight.defined() && reduction == Reduction::mean) return sum(losses * weight) / sum(weight);
  return reduced(weighted(losses, weight), reduction);
}

/// input - target, with a warning where they are stretched to each other: N^2 losses of (N, 1) and (N), say.
Tensor difference_of(const Tensor& x, const Tensor& target) {
  if (x.shape() != target.shape()) {
    warn("an input of shape " + to_string(x.shape()) + " and a target of shape " + to_string(target.shape()) +
         " are stretched to each other, which is probably not meant; give them one shape");
  }
  return x - target;
}

/// scale d^2 / 2 of differences d that are less than delta, and a straight line beyond.
Tensor huber(const Tensor& x, const Tensor& target, double delta, double scale) {
  const auto curvature = [delta, scale](const Tensor& d) { return lt(abs(d), delta).to(d.dtype()) * scale; };
  return ops::activate(kernels::Huber{delta, scale}, difference_of(x, target), curvature);
}

void check_target(const Tensor& x, const Tensor& target) {
  check(target.shape() == x.shape(), "the target must have the shape of the input, ", x.shape(), "; got ",
        target.shape());
}

/// t log(t), 0 at 0
Tensor times_own_log(const Tensor& t) {
  const Tensor y = no_grad([&] { return where(eq(t, 0), 0, t * log(t)); });
  return record(y, wrt(t, [t = Saved(t)](const Tensor& dy) { return dy * (log(t) + 1); }));
}

}  // namespace

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight, Site site) {
  if (const Autocasting as(Precision::full, x); as) return mse_loss(as(x), as(target), reduction, as(weight), site);
  if (is_half_precision(result_type(x, target))) {
    return mse_loss(opmath(x), opmath(target), reduction, opmath(weight), site).to(result_type(x, target));
  }
  const OpScope op("mse_loss", site);
  const Tensor difference = difference_of(x, target);
  return reduced_with(weight, difference * difference, x, reduction);
}

Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight, Site site) {
  if (const Autocasting as(Precision::full, x); as) return l1_loss(as(x), as(target), reduction, as(weight), site);
  if (is_half_precision(result_type(x, target))) {
    return l1_loss(opmath(x), opmath(target), reduction, opmath(weight), site).to(result_type(x, target));
  }
  const OpScope op("l1_loss", site);
  return reduced_with(weight, abs(difference_of(x, target)), x, reduction);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, Reduction reduction, double beta, Site site) {
  if (const Autocasting as(Precision::full, x); as) return smooth_l1_loss(as(x), as(target), reduction, beta, site);
  if (is_half_precision(result_type(x, target))) {
    return smooth_l1_loss(opmath(x), opmath(target), reduction, beta, site).to(result_type(x, target));
  }
  const OpScope op("smooth_l1_loss", site);
  check(beta >= 0, "beta must not be negative, got ", beta);
  return reduced(beta == 0 ? abs(difference_of(x, target)) : huber(x, target, beta, 1 / beta), reduction);
}

Tensor huber_loss(const Tensor& x, const Tensor& target, Reduction reduction, double delta, const Tensor& weight,
                  Site site) {
  if (const Autocasting as(Precision::full, x); as)
    return huber_loss(as(x), as(target), reduction, delta, as(weight), site);
  if (is_half_precision(result_type(x, target))) {
    return huber_loss(opmath(x), opmath(target), reduction, delta, opmath(weight), site).to(result_type(x, target));
  }
  const OpScope op("huber_loss", site);
  check(delta > 0, "delta must be positive, got ", delta);
  check_weight(weight, x);
  return reduced(weighted(huber(x, target, delta, 1), weight), reduction);
}

Tensor binary_cross_entropy(const Tensor& x, const Tensor& target, const BinaryCrossEntropyOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) {
    check(x.device().is_cpu(),
          "binary_cross_entropy: probabilities of half precision are too rough for a logarithm, so that "
          "autocast refuses it on a GPU, as PyTorch does; use binary_cross_entropy_with_logits");
    BinaryCrossEntropyOptions wide = o;
    wide.weight = as(o.weight);
    return binary_cross_entropy(as(x), as(target), wide, site);
  }
  if (is_half_precision(result_type(x, target))) {
    auto wide = o;
    wide.weight = opmath(o.weight);
    return binary_cross_entropy(opmath(x), opmath(target), wide, site).to(result_type(x, target));
  }
  const OpScope op("binary_cross_entropy", site);
  check_target(x, target);
  check(target.dtype() == x.dtype(), "input and target must be of one dtype, got ", x.dtype(), " and ", target.dtype());
  check(x.numel() == 0 || !x.device().is_cpu() || all(logical_and(ge(x, 0), le(x, 1))).item<bool>(),
        "all elements of the input must lie in [0, 1]; for scores use binary_cross_entropy_with_logits");
  const Tensor y = no_grad([&] {
    constexpr double least = -100;  // of a logarithm
    return (target - 1) * clamp(log1p(-x), least, {}) - target * clamp(log(x), least, {});
  });
  const Tensor losses =
      record(y,
             wrt(x, [x = Saved(x), target = Saved(target)](
                        const Tensor& dy) { return dy * (x - target) / clamp((1 - x) * x, 1e-12, {}); }),
             wrt(target, [x = Saved(x)](const Tensor& dy) { return dy * (log1p(-x) - log(x)); }));
  return reduced(weighted(losses, o.weight), o.reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        const BinaryCrossEntropyWithLogitsOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) {
    BinaryCrossEntropyWithLogitsOptions wide = o;
    wide.weight = as(o.weight);
    wide.pos_weight = as(o.pos_weight);
    return binary_cross_entropy_with_logits(as(x), as(target), wide, site);
  }
  if (is_half_precision(result_type(x, target))) {
    auto wide = o;
    wide.weight = opmath(o.weight);
    wide.pos_weight = opmath(o.pos_weight);
    return binary_cross_entropy_with_logits(opmath(x), opmath(target), wide, site).to(result_type(x, target));
  }
  const OpScope op("binary_cross_entropy_with_logits", site);
  check_target(x, target);
  const Tensor log_p = logsigmoid(x);
  const Tensor positive = o.pos_weight.defined() ? ((o.pos_weight - 1) * target + 1) * log_p : log_p;
  return reduced(weighted((1 - target) * x - positive, o.weight), o.reduction);
}

Tensor kl_div(const Tensor& x, const Tensor& target, const KlDivOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) return kl_div(as(x), as(target), o, site);
  if (is_half_precision(result_type(x, target))) {
    return kl_div(opmath(x), opmath(target), o, site).to(result_type(x, target));
  }
  const OpScope op("kl_div", site);
  if (o.reduction == Reduction::mean) {
    warn("the mean is over all elements; Reduction::batchmean, over the batch, is the divergence");
  }
  const Tensor losses = o.log_target ? exp(target) * (target - x) : times_own_log(target) - target * x;
  if (o.reduction != Reduction::batchmean) return reduced(losses, o.reduction);
  return sum(losses) / (x.dim() == 0 ? 1 : x.size(0));
}

Tensor soft_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction, Site site) {
  if (const Autocasting as(Precision::full, x); as) return soft_margin_loss(as(x), as(target), reduction, site);
  if (is_half_precision(result_type(x, target))) {
    return soft_margin_loss(opmath(x), opmath(target), reduction, site).to(result_type(x, target));
  }
  const OpScope op("soft_margin_loss", site);
  check_target(x, target);
  return reduced(-logsigmoid(x * target), reduction);
}

Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, double margin, Reduction reduction, Site site) {
  if (const Autocasting as(Precision::full, x); as)
    return hinge_embedding_loss(as(x), as(target), margin, reduction, site);
  if (is_half_precision(result_type(x, target))) {
    return hinge_embedding_loss(opmath(x), opmath(target), margin, reduction, site).to(result_type(x, target));
  }
  const OpScope op("hinge_embedding_loss", site);
  const Tensor apart = where(ne(target, 1), relu(margin - x), 0), together = where(ne(target, -1), x, 0);
  return reduced(apart + together, reduction);
}

}  // namespace ebb
