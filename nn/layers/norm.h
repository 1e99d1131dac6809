#pragma once

#include "ebb/nn/layers/batch_norm.h"

namespace ebb::nn {

struct LayerNormOptions {
  Shape normalized_shape;  ///< of the last dimensions
  double eps = 1e-5;
  bool elementwise_affine = true;
  bool bias = true;
};

/// Normalises over the last dimensions; see ebb::layer_norm.
class LayerNorm : public Module {
 public:
  explicit LayerNorm(const LayerNormOptions& options);
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  LayerNormOptions options;
  Parameter weight, bias;  ///< of normalized_shape
};
inline LayerNorm layer_norm(const LayerNormOptions& options) { return LayerNorm(options); }
inline LayerNorm layer_norm(std::int64_t features) { return LayerNorm({.normalized_shape = {features}}); }

struct GroupNormOptions {
  std::int64_t num_groups, num_channels;
  double eps = 1e-5;
  bool affine = true;
  bool bias = true;
};

/// Normalises over groups of channels; see ebb::group_norm.
class GroupNorm : public Module {
 public:
  explicit GroupNorm(const GroupNormOptions& options);
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  GroupNormOptions options;
  Parameter weight, bias;  ///< (num_channels)
};
inline GroupNorm group_norm(const GroupNormOptions& options) { return GroupNorm(options); }
inline GroupNorm group_norm(std::int64_t num_groups, std::int64_t num_channels) {
  return GroupNorm({.num_groups = num_groups, .num_channels = num_channels});
}

struct InstanceNormOptions {
  std::int64_t num_features;
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = false;
  bool track_running_stats = false;
};

/// Normalises each channel of each sample; see ebb::instance_norm.
class InstanceNorm : public NormBase {
 protected:
  explicit InstanceNorm(const InstanceNormOptions& options);
  Tensor normalized(const Tensor& x, int spatial_dims) const;
};

/// Of (N, C, L) or (C, L).
class InstanceNorm1d : public InstanceNorm {
 public:
  explicit InstanceNorm1d(const InstanceNormOptions& given) : InstanceNorm(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return normalized(x, 1);
  }
};
inline InstanceNorm1d instance_norm1d(const InstanceNormOptions& options) { return InstanceNorm1d(options); }
inline InstanceNorm1d instance_norm1d(std::int64_t num_features) {
  return InstanceNorm1d({.num_features = num_features});
}

/// Of (N, C, H, W) or (C, H, W).
class InstanceNorm2d : public InstanceNorm {
 public:
  explicit InstanceNorm2d(const InstanceNormOptions& given) : InstanceNorm(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return normalized(x, 2);
  }
};
inline InstanceNorm2d instance_norm2d(const InstanceNormOptions& options) { return InstanceNorm2d(options); }
inline InstanceNorm2d instance_norm2d(std::int64_t num_features) {
  return InstanceNorm2d({.num_features = num_features});
}

}  // namespace ebb::nn
