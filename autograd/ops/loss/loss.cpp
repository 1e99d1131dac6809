#include "ebb/autograd/ops/loss/loss.h"

#include "ebb/autograd/ops/activation/softmax.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/lines.h"
#include "ebb/autograd/ops/detail/reduce_loss.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/index/pick.h"
#include "ebb/kernels/loss/cross_entropy.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using kernels::ClassTargets;
using ops::reduced;

namespace {

// The two maps below, on (N, C, S) and (N, S), are each other's gradients.

Tensor pick(const Tensor& x, const Tensor& target, std::int64_t ignored);

Tensor put(const Tensor& dy, const Tensor& target, std::int64_t ignored, const Shape& shape) {
  const OpScope op("nll_loss_backward", Site{});
  Tensor dx = empty(shape, {.dtype = dy.dtype(), .device = dy.device()});
  on_device(dy.device(), [&](auto& context) { kernels::put(context, dy, target, ignored, dx); });
  return record(dx, wrt(dy, [target, ignored](const Tensor& ddx) { return pick(ddx, target, ignored); }));
}

Tensor pick(const Tensor& x, const Tensor& target, std::int64_t ignored) {
  Tensor y = empty(target.shape(), {.dtype = x.dtype(), .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::pick(context, x, target, ignored, y); });
  return record(y, wrt(x, [target = Saved(target), ignored, shape = x.shape()](const Tensor& dy) {
                  return put(dy, target, ignored, shape);
                }));
}

/// Scores as (N, C, S), whatever stands behind C.
Tensor with_three_dims(const Tensor& x) {
  if (x.dim() == 1) return x.reshape({1, x.size(0), 1});
  std::int64_t positions = 1;
  for (int i = 2; i < x.dim(); ++i) positions *= x.size(i);
  return x.reshape({x.size(0), x.size(1), positions});
}

Shape target_shape(const Tensor& x) {
  Shape shape = x.shape();
  shape.erase(x.dim() == 1 ? 0 : 1);
  return shape;
}

void check_classes(const Tensor& x, const Tensor& target, const Tensor& weight) {
  check(x.dim() >= 1, "the scores must be (C), (N, C) or (N, C, d1, ...), got a scalar");
  ops::check_floating(x);
  check(target.dtype() == kInt64, "class targets must be int64, got ", target.dtype());
  check(target.shape() == target_shape(x), "scores of shape ", x.shape(), " need targets of shape ", target_shape(x),
        ", got ", target.shape());
  const std::int64_t classes = x.size(x.dim() == 1 ? 0 : 1);
  check(!weight.defined() || (weight.dim() == 1 && weight.size(0) == classes), "the weight must be (", classes,
        "), one for each class; got ", weight.defined() ? weight.shape() : Shape());
}

/// A weight for each class as (1, C, 1).
Tensor along_classes(const Tensor& weight, DType dtype) { return weight.to(dtype).reshape({1, weight.size(0), 1}); }

/// The weight of each target, 0 where it is ignored.
Tensor target_weights(const Tensor& weight, DType dtype, const Tensor& target, std::int64_t ignored) {
  const Tensor flat = contiguous(target).reshape({1, target.numel()});
  const Tensor weights = along_classes(weight, dtype).expand({1, weight.size(0), target.numel()});
  return pick(weights, flat, ignored).reshape(target.shape());
}

/// The mean of losses over the targets that are not ignored, where they are 0.
Tensor mean_of_counted(const Tensor& losses, const Tensor& target, std::int64_t ignored) {
  const TensorOptions like{.dtype = losses.dtype(), .device = losses.device()};
  Tensor mean = empty({}, like), count = empty({}, like);
  on_device(losses.device(), [&](auto& context) {
    kernels::mean_of_counted(context, losses, contiguous(target), ignored, mean, count);
  });
  return record(mean, wrt(losses, [count = Saved(count), shape = losses.shape()](const Tensor& dy) {
                  return (dy / count).expand(shape);
                }));
}

/// The losses of targets, weighted and reduced.
Tensor weighted(const Tensor& losses, const Tensor& target, const NllLossOptions& o) {
  if (!o.weight.defined()) {
    if (o.reduction == Reduction::mean) return mean_of_counted(losses, target, o.ignore_index);
    return reduced(losses, o.reduction);
  }
  const Tensor weights = target_weights(o.weight, losses.dtype(), target, o.ignore_index), products = losses * weights;
  return o.reduction == Reduction::mean ? sum(products) / sum(weights) : reduced(products, o.reduction);
}

/// The gradient of cross_entropy's losses, by ops that can be differentiated again.
Tensor composed_gradient(const Tensor& dy, const Tensor& x, const ClassTargets& of) {
  const Tensor scores = with_three_dims(ops::opmath(x));
  const Shape positions{scores.size(0), scores.size(2)};
  const Tensor target = of.target.reshape(positions), of_positions = dy.reshape(positions);
  const Tensor counted = where(ne(target, of.ignored), of_positions, 0).unsqueeze(1);
  const Tensor of_all = (softmax(scores, 1) - of.smoothing / static_cast<double>(scores.size(1))) * counted;
  const Tensor of_target = put(of_positions * (1 - of.smoothing), target, of.ignored, scores.shape());
  return (of_all - of_target).reshape(x.shape()).to(x.dtype());
}

/// The scores as lines of classes.
ops::Lines lines_of(const Tensor& x) { return {x, x.dim() == 1 ? 0 : 1}; }

Tensor fused_gradient(const Tensor& dy, const Tensor& x, const ClassTargets& of, const Tensor& norms) {
  const ops::Lines lines = lines_of(x);
  const Tensor scores = lines.of(x);
  Tensor dx = empty_like(scores);
  on_device(x.device(), [&](auto& context) { kernels::cross_entropy_backward(context, dy, scores, of, norms, dx); });
  return lines.undone(dx);
}

/// -log p[target] of the scores' log-probabilities, smoothed, 0 where it is ignored; in the shape of the target.
Tensor class_losses(const Tensor& x, const Tensor& target, std::int64_t ignored, double smoothing) {
  const Tensor scores = no_grad([&] { return lines_of(x).of(x); });
  const Shape positions{scores.size(0), scores.size(2)};
  const ClassTargets of{contiguous(target.detach()).reshape(positions), ignored, smoothing};
  const TensorOptions like{.dtype = opmath_type(x.dtype()), .device = x.device()};
  Tensor losses = empty(positions, like), norms = empty({positions[0], positions[1], 2}, like);
  on_device(x.device(), [&](auto& context) { kernels::cross_entropy(context, scores, of, losses, norms); });
  const auto gradient = [x = Saved(x), target = Saved(of.target), norms = Saved(norms), ignored,
                         smoothing](const Tensor& dy) {
    const ClassTargets targets{target, ignored, smoothing};
    return is_grad_enabled() ? composed_gradient(dy, x, targets) : fused_gradient(dy, x, targets, norms);
  };
  return record(losses, wrt(x, gradient)).reshape(target.shape());
}

/// With smoothed targets and weights of the classes: the losses of the targets and of the even distribution, mixed.
Tensor smoothed_loss(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o) {
  const Tensor log_p = with_three_dims(log_softmax(ops::opmath(x), x.dim() == 1 ? 0 : 1));
  const Tensor flat_target = contiguous(target.reshape({log_p.size(0), log_p.size(2)}));
  const Tensor weights = target_weights(o.weight, log_p.dtype(), flat_target, o.ignore_index);
  const Tensor loss = (0 - pick(log_p, flat_target, o.ignore_index)) * weights;
  const Tensor by_class = log_p * along_classes(o.weight, log_p.dtype());
  const Tensor even = where(ne(flat_target, o.ignore_index), 0 - sum(by_class, {1}), 0);
  const double share = o.label_smoothing / static_cast<double>(log_p.size(1));
  const auto finish = [&](const Tensor& t) {
    if (o.reduction == Reduction::none) return t.reshape(target.shape());
    return o.reduction == Reduction::sum ? sum(t) : sum(t) / sum(weights);
  };
  return finish(loss) * (1 - o.label_smoothing) + finish(even) * share;
}

Tensor probability_loss(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o) {
  check(is_floating(target.dtype()), "targets of the shape of the scores are probabilities and must be floating, got ",
        target.dtype());
  const std::int64_t dim = x.dim() == 1 ? 0 : 1, classes = x.size(dim);
  const Tensor smooth = o.label_smoothing > 0
                            ? target * (1 - o.label_smoothing) + o.label_smoothing / static_cast<double>(classes)
                            : target;
  Tensor log_p = log_softmax(x, dim);
  if (o.weight.defined()) {
    Shape along = Dims::filled(x.dim(), 1);
    along[static_cast<int>(dim)] = classes;
    log_p = log_p * o.weight.to(x.dtype()).reshape(along);
  }
  const Tensor losses = -sum(log_p * smooth, {dim});
  if (o.reduction != Reduction::mean) return reduced(losses, o.reduction);
  return sum(losses) / static_cast<double>(losses.numel());
}

}  // namespace

Tensor nll_loss(const Tensor& x, const Tensor& target, const NllLossOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) return nll_loss(as(x), target, o, site);
  const OpScope op("nll_loss", site);
  ops::refuse_batchmean(o.reduction);
  check_classes(x, target, o.weight);
  const Tensor scores = with_three_dims(x);
  const Tensor flat_target = contiguous(target.reshape({scores.size(0), scores.size(2)}));
  const Tensor losses = 0 - ops::opmath(pick(scores, flat_target, o.ignore_index));  // 0, not -0, where it is ignored
  return weighted(losses.reshape(target.shape()), target, o).to(x.dtype());
}

Tensor cross_entropy(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) return cross_entropy(as(x), as(target), o, site);
  const bool has_probabilities = target.shape() == x.shape() && target.dtype() != kInt64;
  if (has_probabilities && is_half_precision(x.dtype())) {
    return cross_entropy(ops::opmath(x), ops::opmath(target), o, site).to(x.dtype());
  }
  const OpScope op("cross_entropy", site);
  ops::refuse_batchmean(o.reduction);
  check(o.label_smoothing >= 0 && o.label_smoothing <= 1, "label_smoothing must lie in [0, 1], got ",
        o.label_smoothing);
  check(x.dim() >= 1, "the scores must be (C), (N, C) or (N, C, d1, ...), got a scalar");
  if (has_probabilities) return probability_loss(x, target, o);
  check_classes(x, target, o.weight);
  if (o.weight.defined() && o.label_smoothing > 0) return smoothed_loss(x, target, o).to(x.dtype());
  const NllLossOptions of_classes{.weight = o.weight, .ignore_index = o.ignore_index, .reduction = o.reduction};
  return weighted(class_losses(x, target, o.ignore_index, o.label_smoothing), target, of_classes).to(x.dtype());
}

}  // namespace ebb
