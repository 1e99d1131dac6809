#include "ebb/nn/layers/batch_norm.h"

#include <typeinfo>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/activation/rectifier.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/norm/batch_norm.h"
#include "ebb/autograd/ops/norm/batch_norm_pool.h"
#include "ebb/autograd/ops/norm/sync_batch_norm.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

NormBase::NormBase(const BatchNormOptions& o)
    : options(o),
      weight(this, "weight", o.affine ? ones({o.num_features}) : Tensor()),
      bias(this, "bias", o.affine && o.bias ? zeros({o.num_features}) : Tensor()),
      running_mean(this, "running_mean", o.track_running_stats ? zeros({o.num_features}) : Tensor()),
      running_var(this, "running_var", o.track_running_stats ? ones({o.num_features}) : Tensor()),
      num_batches_tracked(this, "num_batches_tracked",
                          o.track_running_stats ? zeros({}, {.dtype = kInt64}) : Tensor()) {}

std::string NormBase::extra_repr() const {
  const BatchNormOptions& o = options;
  return std::to_string(o.num_features) + ", eps=" + repr(o.eps) +
         ", momentum=" + (o.momentum ? repr(*o.momentum) : "None") + ", affine=" + repr(o.affine) +
         ", bias=" + repr(bias->defined()) + ", track_running_stats=" + repr(o.track_running_stats);
}

// Files before version 2 have no num_batches_tracked.
void NormBase::upgrade(StateDict& dict, const std::string& prefix, std::int64_t version) const {
  const std::string name = prefix + "num_batches_tracked";
  if (version < 2 && options.track_running_stats && !dict.contains(name)) dict.set(name, num_batches_tracked);
}

std::string BatchNorm::kind() const { return group != nullptr ? "SyncBatchNorm" : Module::kind(); }

Tensor BatchNorm::normalized(const Tensor& x, const Tail& tail) const {
  const bool tracks = running_mean->defined();
  const bool updates = is_training() && tracks;
  const bool counts_itself = updates && options.momentum && x.numel() > 0 && !is_of_several();
  if (updates && !counts_itself) num_batches_tracked->add_(1);
  if (updates && !options.momentum && x.is_cuda()) return normalized_by_count(x, tail);
  double momentum = options.momentum.value_or(0);
  if (updates && !options.momentum) momentum = 1.0 / num_batches_tracked->item<double>();
  return normalized(x, {running_mean, running_var, momentum, counts_itself ? num_batches_tracked.get() : Tensor()},
                    tail);
}

bool BatchNorm::is_of_several() const { return is_training() && group != nullptr && group->size() > 1; }

Tensor BatchNorm::normalized(const Tensor& x, const Running& running, const Tail& tail) const {
  const auto& [mean, var, momentum, count] = running;
  const bool uses_batch = is_training() || !mean.defined();
  const ebb::BatchNormOptions o{
      .training = uses_batch, .momentum = momentum, .eps = options.eps, .num_batches_tracked = count};
  if (is_of_several()) {
    const Tensor y = sync_batch_norm(x, mean, var, weight, bias, group, o);
    if (!tail.relu) return y;
    const Tensor activated = tail.residual.defined() ? ebb::relu(y + tail.residual) : ebb::relu(y);
    return tail.pooling ? ebb::max_pool2d(activated, *tail.pooling) : activated;
  }
  if (tail.pooling) return ebb::batch_norm_relu_max_pool2d(x, mean, var, weight, bias, o, *tail.pooling);
  return tail.relu ? ebb::batch_norm_relu(x, mean, var, weight, bias, o, tail.residual)
                   : ebb::batch_norm(x, mean, var, weight, bias, o);
}

/// On a GPU the share of a batch in the mean of all so far stays there: to read the count would wait for the GPU.
Tensor BatchNorm::normalized_by_count(const Tensor& x, const Tail& tail) const {
  const Tensor mean = zeros_like(running_mean->detach()), var = zeros_like(running_var->detach());
  const Tensor y = normalized(x, {mean, var, 1, {}}, tail);
  const NoGradGuard no_grad;
  const Tensor share = 1.0 / num_batches_tracked->to(running_mean->dtype());
  running_mean->mul_(1.0 - share).add_(mean * share);
  running_var->mul_(1.0 - share).add_(var * share);
  return y;
}

Tensor BatchNorm1d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 2 || x.dim() == 3, "BatchNorm1d: the input must be (N, C) or (N, C, L), got shape ", x.shape());
  return normalized(x, {});
}

Tensor BatchNorm2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 4, "BatchNorm2d: the input must be (N, C, H, W), got shape ", x.shape());
  return normalized(x, {});
}

Tensor BatchNorm2d::relu(const Tensor& x, const Tensor& residual, Site site) const {
  const OpScope line(site);

  check(x.dim() == 4, "BatchNorm2d: the input must be (N, C, H, W), got shape ", x.shape());
  return normalized(x, {true, residual});
}

Tensor BatchNorm2d::relu_max_pool(const Tensor& x, const MaxPool2dOptions& pooling, Site site) const {
  const OpScope line(site);

  check(x.dim() == 4, "BatchNorm2d: the input must be (N, C, H, W), got shape ", x.shape());
  return normalized(x, {true, {}, pooling});
}

Tensor BatchNorm3d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 5, "BatchNorm3d: the input must be (N, C, D, H, W), got shape ", x.shape());
  return normalized(x, {});
}

Tensor FusedNorm::operator()(const Tensor& x, Site site) const {
  return pool == nullptr ? norm->relu(x, {}, site) : norm->relu_max_pool(x, pool->options, site);
}

/// `module` where it is just an M, and no hook wants to see what it is given.
template <class M>
static const M* unwatched(const Module* module) {
  if (module == nullptr || typeid(*module) != typeid(M)) return nullptr;
  return module->hooks() == nullptr || module->hooks()->empty() ? static_cast<const M*>(module) : nullptr;
}

FusedNorm fused_norm(const Module* norm, const Module* relu, const Module* pool) {
  if (unwatched<ReLU>(relu) == nullptr) return {};
  return {unwatched<BatchNorm2d>(norm), unwatched<MaxPool2d>(pool)};
}

Tensor norm_relu(const Child<BatchNorm2d>& norm, const Child<ReLU>& relu, const Tensor& x,
                 const std::function<Tensor()>& residual, Site site) {
  if (const BatchNorm2d* both = fused_norm(&*norm, &*relu).norm) {
    const Tensor added = residual ? residual() : Tensor();
    const bool is_alike = !added.defined() || (added.dtype() == x.dtype() && added.shape() == x.shape());
    if (!is_alike) return relu(norm(x, site) + added, site);
    return in_module(norm.name(), [&] { return both->relu(x, added, site); });
  }
  const Tensor y = norm(x, site);
  return relu(residual ? y + residual() : y, site);
}

Tensor norm_relu_pool(const Child<BatchNorm2d>& norm, const Child<ReLU>& relu, const Child<MaxPool2d>& pool,
                      const Tensor& x, Site site) {
  const FusedNorm fused = fused_norm(&*norm, &*relu, &*pool);
  const auto names = [&] { return norm.name() + " + " + relu.name() + " + " + pool.name(); };
  if (fused.count() == 3) return in_module(names, [&] { return fused(x, site); });
  return pool(norm_relu(norm, relu, x, {}, site), site);
}

}  // namespace ebb::nn
