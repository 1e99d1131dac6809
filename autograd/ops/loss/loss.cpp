#include "ebb/autograd/ops/loss/loss.h"

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/activation/softmax.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/reduce_loss.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/index/pick.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
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

/// A weight for each class, along the classes of x (N, C, S).
Tensor along_classes(const Tensor& weight, const Tensor& x) { return weight.to(x.dtype()).reshape({1, x.size(1), 1}); }

/// 1 for each target, 0 where it is ignored; (N, S).
Tensor counted(const Tensor& x, const Tensor& target, std::int64_t ignored) {
  return ne(target, ignored).to(x.dtype());
}

/// The weight of each target, 0 where it is ignored; (N, S).
Tensor target_weights(const Tensor& x, const Tensor& target, const Tensor& weight, std::int64_t ignored) {
  if (!weight.defined()) return counted(x, target, ignored);
  return pick(along_classes(weight, x).expand(x.shape()), target, ignored);
}

/// The losses of the targets (N, S), given log-probabilities (N, C, S), and of the even distribution, mixed.
Tensor smoothed_loss(const Tensor& log_p, const Tensor& flat_target, const CrossEntropyOptions& o, const Shape& shape) {
  const Tensor weights = target_weights(log_p, flat_target, o.weight, o.ignore_index);
  const Tensor loss = (0 - pick(log_p, flat_target, o.ignore_index)) * weights;
  const Tensor by_class = o.weight.defined() ? log_p * along_classes(o.weight, log_p) : log_p;
  const Tensor even = where(ne(flat_target, o.ignore_index), 0 - sum(by_class, {1}), 0);
  const double share = o.label_smoothing / static_cast<double>(log_p.size(1));
  const auto finish = [&](const Tensor& t) {
    if (o.reduction == Reduction::none) return t.reshape(shape);
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
  if (is_half_precision(x.dtype())) {  // which counts only so far
    return nll_loss(ops::opmath(x), target, o, site).to(x.dtype());
  }
  const OpScope op("nll_loss", site);
  ops::refuse_batchmean(o.reduction);
  check_classes(x, target, o.weight);
  const Tensor scores = with_three_dims(x);
  const Tensor flat_target = contiguous(target.reshape({scores.size(0), scores.size(2)}));
  Tensor losses = 0 - pick(scores, flat_target, o.ignore_index), weights;  // 0, not -0, where it is ignored
  if (o.weight.defined()) {
    weights = target_weights(scores, flat_target, o.weight, o.ignore_index);
    losses = losses * weights;
  }
  if (o.reduction == Reduction::none) return losses.reshape(target.shape());
  if (o.reduction == Reduction::sum) return sum(losses);
  return sum(losses) / sum(weights.defined() ? weights : counted(scores, flat_target, o.ignore_index));
}

Tensor cross_entropy(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o, Site site) {
  if (const Autocasting as(Precision::full, x); as) return cross_entropy(as(x), as(target), o, site);
  if (is_half_precision(x.dtype())) {
    return cross_entropy(ops::opmath(x), ops::opmath(target), o, site).to(x.dtype());
  }
  const OpScope op("cross_entropy", site);
  ops::refuse_batchmean(o.reduction);
  check(o.label_smoothing >= 0 && o.label_smoothing <= 1, "label_smoothing must lie in [0, 1], got ",
        o.label_smoothing);
  check(x.dim() >= 1, "the scores must be (C), (N, C) or (N, C, d1, ...), got a scalar");
  if (target.shape() == x.shape() && target.dtype() != kInt64) return probability_loss(x, target, o);
  check_classes(x, target, o.weight);
  const Tensor log_p = log_softmax(x, x.dim() == 1 ? 0 : 1);
  if (o.label_smoothing == 0) {
    return nll_loss(log_p, target, {.weight = o.weight, .ignore_index = o.ignore_index, .reduction = o.reduction});
  }
  const Tensor scores = with_three_dims(log_p);
  return smoothed_loss(scores, contiguous(target.reshape({scores.size(0), scores.size(2)})), o, target.shape());
}

}  // namespace ebb
