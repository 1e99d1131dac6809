#include "ebb/interop/python/classes.h"
#include "ebb/nn/layers/norm.h"
#include "ebb/nn/parallel/sync_batch_norm.h"

namespace ebb::interop {
namespace {

void list_batch_norm(PythonFields& field, nn::BatchNormOptions& o) {
  field("num_features", o.num_features);
  field("eps", o.eps);
  field("momentum", o.momentum);
  field("affine", o.affine);
  field("track_running_stats", o.track_running_stats);
  if (o.affine) field.has_parameter("bias", o.bias);
  if (o.affine) field.has_tensor("weight", {o.num_features});
  if (o.track_running_stats) field.has_tensor("running_mean", {o.num_features});
}

void list_sync_batch_norm(PythonFields& field, nn::BatchNormOptions& o) {
  list_batch_norm(field, o);
  field.fixed("process_group", {});  // PyTorch's default
}

template <class M>
constexpr PythonClass batch_norm(const char* name) {
  return with_options<M, list_batch_norm>("torch.nn.modules.batchnorm", name);
}

void list_instance_norm(PythonFields& field, nn::InstanceNormOptions& o) {
  field("num_features", o.num_features);
  field("eps", o.eps);
  field("momentum", o.momentum);
  field("affine", o.affine);
  field("track_running_stats", o.track_running_stats);
  if (o.affine) field.has_tensor("weight", {o.num_features});
  if (o.track_running_stats) field.has_tensor("running_mean", {o.num_features});
}

template <class M>
nn::SharedLayer make_instance_norm(PythonFields& field, const ReadChild&) {
  nn::InstanceNormOptions o{.num_features = 0};
  list_instance_norm(field, o);
  return M(o);
}

/// The options that an instance norm keeps are those of the batch norms.
void write_instance_norm(PythonFields& field, const nn::Module& of) {
  const nn::BatchNormOptions& kept = static_cast<const nn::NormBase&>(of).options;
  nn::InstanceNormOptions o{.num_features = kept.num_features,
                            .eps = kept.eps,
                            .momentum = kept.momentum.value_or(0.1),
                            .affine = kept.affine,
                            .track_running_stats = kept.track_running_stats};
  list_instance_norm(field, o);
}

template <class M>
constexpr PythonClass instance_norm(const char* name) {
  return {"torch.nn.modules.instancenorm", name, &typeid(M), make_instance_norm<M>, write_instance_norm};
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

template <>
nn::GroupNormOptions blank() {
  return {.num_groups = 1, .num_channels = 1};
}

std::span<const PythonClass> norms() {
  using namespace nn;
  constexpr const char* module = "torch.nn.modules.normalization";
  static constexpr PythonClass rows[] = {
      batch_norm<BatchNorm1d>("BatchNorm1d"),
      batch_norm<BatchNorm2d>("BatchNorm2d"),
      batch_norm<BatchNorm3d>("BatchNorm3d"),
      with_options<SyncBatchNorm, list_sync_batch_norm>("torch.nn.modules.batchnorm", "SyncBatchNorm"),
      instance_norm<InstanceNorm1d>("InstanceNorm1d"),
      instance_norm<InstanceNorm2d>("InstanceNorm2d"),
      with_options<LayerNorm, list_layer_norm>(module, "LayerNorm"),
      with_options<GroupNorm, list_group_norm>(module, "GroupNorm"),
  };
  return rows;
}

}  // namespace ebb::interop
