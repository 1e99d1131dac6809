#include "ebb/nn/layers/upsample.h"

#include "ebb/nn/repr.h"

namespace ebb::nn {

static const char* name_of(InterpolateMode mode) {
  switch (mode) {
    case InterpolateMode::nearest:
      return "nearest";
    case InterpolateMode::nearest_exact:
      return "nearest-exact";
    case InterpolateMode::linear:
      return "linear";
    case InterpolateMode::bilinear:
      return "bilinear";
    case InterpolateMode::bicubic:
      return "bicubic";
    case InterpolateMode::trilinear:
      return "trilinear";
    default:
      return "area";
  }
}

static std::string repr(const std::vector<double>& factors) {
  if (factors.size() == 1) return repr(factors[0]);
  std::string text;
  for (const double factor : factors) text += (text.empty() ? "" : ", ") + repr(factor);
  return "(" + text + ")";
}

std::string Upsample::extra_repr() const {
  const std::string size = options.scale_factor.empty()
                               ? "size=" + (options.size.size() == 1 ? repr_short(options.size) : repr(options.size))
                               : "scale_factor=" + repr(options.scale_factor);
  return size + ", mode='" + name_of(options.mode) + "'";
}

UpsamplingNearest2d::UpsamplingNearest2d(const UpsamplingOptions& o)
    : Upsample({.size = o.size, .scale_factor = o.scale_factor, .mode = InterpolateMode::nearest}) {}

UpsamplingBilinear2d::UpsamplingBilinear2d(const UpsamplingOptions& o)
    : Upsample(
          {.size = o.size, .scale_factor = o.scale_factor, .mode = InterpolateMode::bilinear, .align_corners = true}) {}

}  // namespace ebb::nn
