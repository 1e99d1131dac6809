#pragma once

#include "ebb/autograd/ops/resample/interpolate.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// Resamples images; see ebb::interpolate.
class Upsample : public Module {
 public:
  explicit Upsample(const InterpolateOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return interpolate(x, options);
  }
  std::string extra_repr() const override;

  InterpolateOptions options;
};
inline Upsample upsample(const InterpolateOptions& options) { return Upsample(options); }

/// Either is given; one number stands for height and width.
struct UpsamplingOptions {
  Dims size = {};
  std::vector<double> scale_factor = {};
};

class UpsamplingNearest2d : public Upsample {
 public:
  explicit UpsamplingNearest2d(const UpsamplingOptions& options);
};
inline UpsamplingNearest2d upsampling_nearest2d(const UpsamplingOptions& options) {
  return UpsamplingNearest2d(options);
}

/// With aligned corners.
class UpsamplingBilinear2d : public Upsample {
 public:
  explicit UpsamplingBilinear2d(const UpsamplingOptions& options);
};
inline UpsamplingBilinear2d upsampling_bilinear2d(const UpsamplingOptions& options) {
  return UpsamplingBilinear2d(options);
}

}  // namespace ebb::nn
