#include "ebb/nn/layers/norm.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/norm/group_norm.h"
#include "ebb/autograd/ops/norm/layer_norm.h"
#include "ebb/autograd/ops/norm/local_response_norm.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {

LayerNorm::LayerNorm(const LayerNormOptions& o)
    : options(o),
      weight(this, "weight", o.elementwise_affine ? ones(o.normalized_shape) : Tensor()),
      bias(this, "bias", o.elementwise_affine && o.bias ? zeros(o.normalized_shape) : Tensor()) {}

Tensor LayerNorm::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::layer_norm(x, options.normalized_shape, {.weight = weight, .bias = bias, .eps = options.eps});
}

std::string LayerNorm::extra_repr() const {
  return repr(options.normalized_shape) + ", eps=" + repr(options.eps) +
         ", elementwise_affine=" + repr(options.elementwise_affine) + ", bias=" + repr(bias->defined());
}

GroupNorm::GroupNorm(const GroupNormOptions& o)
    : options(o),
      weight(this, "weight", o.affine ? ones({o.num_channels}) : Tensor()),
      bias(this, "bias", o.affine && o.bias ? zeros({o.num_channels}) : Tensor()) {
  check(o.num_groups > 0 && o.num_channels % o.num_groups == 0, "GroupNorm: num_channels (", o.num_channels,
        ") must be divisible by num_groups (", o.num_groups, ")");
}

Tensor GroupNorm::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::group_norm(x, options.num_groups, {.weight = weight, .bias = bias, .eps = options.eps});
}

std::string GroupNorm::extra_repr() const {
  return std::to_string(options.num_groups) + ", " + std::to_string(options.num_channels) +
         ", eps=" + repr(options.eps) + ", affine=" + repr(options.affine) + ", bias=" + repr(bias->defined());
}

InstanceNorm::InstanceNorm(const InstanceNormOptions& o)
    : NormBase({.num_features = o.num_features,
                .eps = o.eps,
                .momentum = o.momentum,
                .affine = o.affine,
                .track_running_stats = o.track_running_stats}) {}

Tensor InstanceNorm::normalized(const Tensor& x, int spatial_dims) const {
  check(x.dim() == spatial_dims + 1 || x.dim() == spatial_dims + 2, kind(), ": the input must have ", spatial_dims + 2,
        " dimensions (N, C, ...), or one less without N, got shape ", x.shape());
  if (x.dim() == spatial_dims + 1) return normalized(x.unsqueeze(0), spatial_dims).squeeze(0);
  check(x.size(1) == options.num_features || !options.affine, kind(), ": the input must have ", options.num_features,
        " channels, got shape ", x.shape());
  return ebb::instance_norm(x, {.running_mean = running_mean,
                                .running_var = running_var,
                                .weight = weight,
                                .bias = bias,
                                .use_input_stats = is_training() || !options.track_running_stats,
                                .momentum = *options.momentum,
                                .eps = options.eps});
}

}  // namespace ebb::nn
