#include "ebb/autograd/ops/loss/elementwise_loss.h"

#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/activation/sigmoid.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/reduce_loss.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/core/warning.h"
#include "ebb/kernels/loss/loss.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::opmath;
using ops::reduced;

using kernels::LossOp;

namespace {

// What gradients of gradients need: the derivatives of a loss by the input and by the target, of differentiable ops.

Tensor slope(const kernels::SquaredError&, const Tensor& x, const Tensor& t) { return (x - t) * 2; }
Tensor slope(const kernels::AbsoluteError&, const Tensor& x, const Tensor& t) { return sign(x - t); }
Tensor slope(const kernels::Huber& f, const Tensor& x, const Tensor& t) {
  return clamp(x - t, -f.delta, f.delta) * f.scale;
}
Tensor slope(const kernels::BinaryCrossEntropy&, const Tensor& x, const Tensor& t) {
  return (x - t) / clamp((1 - x) * x, 1e-12, {});
}
Tensor slope(const kernels::BinaryCrossEntropyWithLogits&, const Tensor& x, const Tensor& t) { return sigmoid(x) - t; }

template <class Error>
Tensor target_slope(const Error& f, const Tensor& x, const Tensor& t) {
  return -slope(f, x, t);
}
Tensor target_slope(const kernels::BinaryCrossEntropy&, const Tensor& x, const Tensor&) { return log1p(-x) - log(x); }
Tensor target_slope(const kernels::BinaryCrossEntropyWithLogits&, const Tensor& x, const Tensor&) { return -x; }

/// dx, by one kernel.
Tensor gradient(const LossOp& f, const Tensor& dy, const Tensor& x, const Tensor& target, double scale) {
  Tensor dx = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::loss_backward(context, f, dy, x, target, scale, dx); });
  return dx;
}

/// scale dy slope_of(f, x, target), by ops that can be differentiated again.
template <class Slope>
Tensor composed_gradient(const LossOp& f, const Tensor& dy, const Tensor& x, const Tensor& target, double scale,
                         Slope slope_of) {
  const auto product = [&](const Tensor& of_loss, const Tensor& a, const Tensor& t) {
    return of_loss * scale * std::visit([&](const auto& loss) { return slope_of(loss, a, t); }, f);
  };
  return ops::rounded_once(product, dy, x, target);
}

Tensor stretched(const Tensor& x, const Shape& shape) { return x.shape() == shape ? x : x.expand(shape); }

/// f of each pair of elements, or the sum of them, or the mean, in one kernel.
Tensor computed(const LossOp& f, const Tensor& given_x, const Tensor& given_target, Reduction reduction) {
  ops::refuse_batchmean(reduction);
  const DType dtype = result_type(given_x, given_target);
  check(is_floating(dtype), "needs floating tensors, got ", given_x.dtype(), " and ", given_target.dtype());
  ops::check_one_device(given_x, given_target);
  const Shape shape = broadcast_shapes(given_x.shape(), given_target.shape());
  const Tensor x = stretched(given_x.to(dtype), shape), target = stretched(given_target.to(dtype), shape);
  const double scale = reduction == Reduction::mean ? 1 / static_cast<double>(x.numel()) : 1;
  Tensor y = reduction == Reduction::none ? empty_like(x) : empty({}, {.dtype = dtype, .device = x.device()});
  on_device(x.device(), [&](auto& context) {
    if (reduction == Reduction::none) return kernels::loss(context, f, x, target, y);
    kernels::loss_sum(context, f, x, target, scale, y);
  });
  const auto of_x = [f, scale, x = Saved(x), target = Saved(target)](const Tensor& dy) {
    if (!is_grad_enabled()) return gradient(f, dy, x, target, scale);
    const auto slope_of = [](const auto& loss, const Tensor& a, const Tensor& t) { return slope(loss, a, t); };
    return composed_gradient(f, dy, x, target, scale, slope_of);
  };
  const auto of_target = [f, scale, x = Saved(x), target = Saved(target)](const Tensor& dy) {
    const auto slope_of = [](const auto& loss, const Tensor& a, const Tensor& t) { return target_slope(loss, a, t); };
    return composed_gradient(f, dy, x, target, scale, slope_of);
  };
  return record(y, wrt(x, of_x), wrt(target, of_target));
}

enum class MeanOver : std::uint8_t { elements, weights };

/// The same, with a weight for each element where one is given.
Tensor computed(const LossOp& f, const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight,
                MeanOver mean_over) {
  if (!weight.defined()) return computed(f, x, target, reduction);
  if (const DType dtype = result_type(x, target); is_half_precision(dtype)) {
    return computed(f, opmath(x), opmath(target), reduction, opmath(weight), mean_over).to(dtype);
  }
  const Tensor losses = computed(f, x, target, Reduction::none) * weight;
  if (mean_over == MeanOver::weights && reduction == Reduction::mean) return sum(losses) / sum(weight);
  return reduced(losses, reduction);
}

void check_weight(const Tensor& weight, const Tensor& x) {
  check(!weight.defined() || weight.shape() == x.shape(), "the weight must have the shape of the input, ", x.shape(),
        "; got ", weight.defined() ? weight.shape() : Shape());
}

/// N^2 losses of (N, 1) and (N), say.
void warn_if_stretched(const Tensor& x, const Tensor& target) {
  if (x.shape() == target.shape()) return;
  warn("an input of shape " + to_string(x.shape()) + " and a target of shape " + to_string(target.shape()) +
       " are stretched to each other, which is probably not meant; give them one shape");
}

void check_target(const Tensor& x, const Tensor& target) {
  check(target.shape() == x.shape(), "the target must have the shape of the input, ", x.shape(), "; got ",
        target.shape());
}

/// Of a loss that is NaN where x is no probability. A GPU is not waited for.
void check_probabilities(const Tensor& x, const Tensor& loss) {
  if (!x.device().is_cpu() || !any(isnan(loss)).item<bool>()) return;
  check(all(logical_and(ge(x, 0), le(x, 1))).item<bool>(),
        "all elements of the input must lie in [0, 1]; for scores use binary_cross_entropy_with_logits");
}

/// t log(t), 0 at 0
Tensor times_own_log(const Tensor& t) {
  const Tensor y = no_grad([&] { return where(eq(t, 0), 0, t * log(t)); });
  return record(y, wrt(t, [t = Saved(t)](const Tensor& dy) { return dy * (log(t) + 1); }));
}

}  // namespace

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight, Site site) {
  if (const Autocasting as(Precision::full, x); as) return mse_loss(as(x), as(target), reduction, as(weight), site);
  const OpScope op("mse_loss", site);
  check_weight(weight, x);
  warn_if_stretched(x, target);
  return computed(kernels::SquaredError{}, x, target, reduction, weight, MeanOver::weights);
}

Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction, const Tensor& weight, Site site) {
  if (const Autocasting as(Precision::full, x); as) return l1_loss(as(x), as(target), reduction, as(weight), site);
  const OpScope op("l1_loss", site);
  check_weight(weight, x);
  warn_if_stretched(x, target);
  return computed(kernels::AbsoluteError{}, x, target, reduction, weight, MeanOver::weights);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, Reduction reduction, double beta, Site site) {
  if (const Autocasting as(Precision::full, x); as) return smooth_l1_loss(as(x), as(target), reduction, beta, site);
  const OpScope op("smooth_l1_loss", site);
  check(beta >= 0, "beta must not be negative, got ", beta);
  warn_if_stretched(x, target);
  if (beta == 0) return computed(kernels::AbsoluteError{}, x, target, reduction);
  return computed(kernels::Huber{beta, 1 / beta}, x, target, reduction);
}

Tensor huber_loss(const Tensor& x, const Tensor& target, Reduction reduction, double delta, const Tensor& weight,
                  Site site) {
  if (const Autocasting as(Precision::full, x); as)
    return huber_loss(as(x), as(target), reduction, delta, as(weight), site);
  const OpScope op("huber_loss", site);
  check(delta > 0, "delta must be positive, got ", delta);
  check_weight(weight, x);
  warn_if_stretched(x, target);
  return computed(kernels::Huber{delta, 1}, x, target, reduction, weight, MeanOver::elements);
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
  const OpScope op("binary_cross_entropy", site);
  check_target(x, target);
  check(target.dtype() == x.dtype(), "input and target must be of one dtype, got ", x.dtype(), " and ", target.dtype());
  const Tensor y = computed(kernels::BinaryCrossEntropy{}, x, target, o.reduction, o.weight, MeanOver::elements);
  check_probabilities(x, y);
  return y;
}

Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        const BinaryCrossEntropyWithLogitsOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) {
    BinaryCrossEntropyWithLogitsOptions wide = o;
    wide.weight = as(o.weight);
    wide.pos_weight = as(o.pos_weight);
    return binary_cross_entropy_with_logits(as(x), as(target), wide, site);
  }
  const OpScope op("binary_cross_entropy_with_logits", site);
  check_target(x, target);
  if (!o.pos_weight.defined()) {
    const kernels::BinaryCrossEntropyWithLogits f;
    return computed(f, x, target, o.reduction, o.weight, MeanOver::elements);
  }
  if (is_half_precision(result_type(x, target))) {
    auto wide = o;
    wide.weight = opmath(o.weight);
    wide.pos_weight = opmath(o.pos_weight);
    return binary_cross_entropy_with_logits(opmath(x), opmath(target), wide, site).to(result_type(x, target));
  }
  const Tensor losses = (1 - target) * x - ((o.pos_weight - 1) * target + 1) * logsigmoid(x);
  return reduced(o.weight.defined() ? losses * o.weight : losses, o.reduction);
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
