#pragma once

#include <optional>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

/// linear is for (N, C, L), bilinear and bicubic for (N, C, H, W), trilinear for (N, C, D, H, W); the others for all.
enum class InterpolateMode : std::uint8_t { nearest, nearest_exact, linear, bilinear, bicubic, trilinear, area };

/// Either size or scale_factor is given; one number stands for all dimensions.
struct InterpolateOptions {
  Dims size = {};                         ///< of the result, after (N, C)
  std::vector<double> scale_factor = {};  ///< the result has floor(size * scale_factor)
  InterpolateMode mode = InterpolateMode::nearest;
  std::optional<bool> align_corners = {};  ///< of the linear and cubic modes: whether the corner elements keep places
  bool recompute_scale_factor = false;     ///< places are computed from the sizes and not from scale_factor
};

/// x (N, C, ...) resampled to other sizes. Places are PyTorch's: element i of the result is element
/// scale (i + 1/2) - 1/2 of x, scale i where corners are aligned or the mode is nearest. bicubic: Keys, IEEE TASSP 29,
/// 1981, with a = -3/4; area: adaptive_avg_pool.
Tensor interpolate(const Tensor& x, const InterpolateOptions& options, Site site = Site::current());

/// interpolate() with mode nearest, and with mode bilinear and aligned corners.
Tensor upsample_nearest(const Tensor& x, InterpolateOptions options, Site site = Site::current());
Tensor upsample_bilinear(const Tensor& x, InterpolateOptions options, Site site = Site::current());

}  // namespace ebb
