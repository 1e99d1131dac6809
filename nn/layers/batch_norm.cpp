#include "ebb/nn/layers/batch_norm.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/norm/batch_norm.h"
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

Tensor BatchNorm::normalized(const Tensor& x) const {
  const bool tracks = running_mean->defined();
  const bool updates = is_training() && tracks;
  if (updates) num_batches_tracked->add_(1);
  double momentum = options.momentum.value_or(0);
  if (updates && !options.momentum) momentum = 1.0 / num_batches_tracked->item<double>();
  const ebb::BatchNormOptions o{.training = is_training() || !tracks, .momentum = momentum, .eps = options.eps};
  const bool is_of_several = is_training() && group != nullptr && group->size() > 1;
  return is_of_several ? sync_batch_norm(x, running_mean, running_var, weight, bias, group, o)
                       : ebb::batch_norm(x, running_mean, running_var, weight, bias, o);
}

Tensor BatchNorm1d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 2 || x.dim() == 3, "BatchNorm1d: the input must be (N, C) or (N, C, L), got shape ", x.shape());
  return normalized(x);
}

Tensor BatchNorm2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 4, "BatchNorm2d: the input must be (N, C, H, W), got shape ", x.shape());
  return normalized(x);
}

Tensor BatchNorm3d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  check(x.dim() == 5, "BatchNorm3d: the input must be (N, C, D, H, W), got shape ", x.shape());
  return normalized(x);
}

}  // namespace ebb::nn
