#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

template <class M>
PythonClass batch_norm(const char* name) {
  return with_options<M>("torch.nn.modules.batchnorm", name, nn::BatchNormOptions{.num_features = 0},
                         [](PythonFields& field, nn::BatchNormOptions& o) {
                           field("num_features", o.num_features);
                           field("eps", o.eps);
                           field("momentum", o.momentum);
                           field("affine", o.affine);
                           field("track_running_stats", o.track_running_stats);
                           if (o.affine) field.has_parameter("bias", o.bias);
                           if (o.affine) field.has_tensor("weight", {o.num_features});
                           if (o.track_running_stats) field.has_tensor("running_mean", {o.num_features});
                         });
}

/// The options that an instance norm keeps are those of the batch norms.
template <class M>
PythonClass instance_norm(const char* name) {
  const auto list = [](PythonFields& field, auto& o) {
    double momentum = 0.1;
    if constexpr (std::same_as<std::decay_t<decltype(o)>, nn::BatchNormOptions>) {
      momentum = o.momentum.value_or(momentum);
    }
    field("num_features", o.num_features);
    field("eps", o.eps);
    field("momentum", momentum);
    o.momentum = momentum;
    field("affine", o.affine);
    field("track_running_stats", o.track_running_stats);
    if (o.affine) field.has_tensor("weight", {o.num_features});
    if (o.track_running_stats) field.has_tensor("running_mean", {o.num_features});
  };
  return with_options<M>("torch.nn.modules.instancenorm", name, nn::InstanceNormOptions{.num_features = 0}, list);
}

void list_layer_norm(PythonFields& field, nn::LayerNormOptions& o) {
  field("normalized_shape", o.normalized_shape);
  field("eps", o.eps);
  field("elementwise_affine", o.elementwise_affine);
  if (!o.elementwise_affine) return;
  field.has_parameter("bias", o.bias);
  field.has_tensor("weight", o.normalized_shape);
}

void list_group_norm(PythonFields& field, nn::GroupNormOptions& o) {
  field("num_groups", o.num_groups);
  field("num_channels", o.num_channels);
  field("eps", o.eps);
  field("affine", o.affine);
  if (!o.affine) return;
  field.has_parameter("bias", o.bias);
  field.has_tensor("weight", {o.num_channels});
}

}  // namespace

void add_norms(std::vector<PythonClass>& table) {
  table.push_back(batch_norm<nn::BatchNorm1d>("BatchNorm1d"));
  table.push_back(batch_norm<nn::BatchNorm2d>("BatchNorm2d"));
  table.push_back(batch_norm<nn::BatchNorm3d>("BatchNorm3d"));
  table.push_back(instance_norm<nn::InstanceNorm1d>("InstanceNorm1d"));
  table.push_back(instance_norm<nn::InstanceNorm2d>("InstanceNorm2d"));
  constexpr const char* module = "torch.nn.modules.normalization";
  table.push_back(with_options<nn::LayerNorm>(module, "LayerNorm", nn::LayerNormOptions{}, list_layer_norm));
  table.push_back(with_options<nn::GroupNorm>(module, "GroupNorm", nn::GroupNormOptions{1, 1}, list_group_norm));
}

}  // namespace ebb::interop
