#pragma once

#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/core/tensor.h"

namespace ebb {

struct UnfoldOptions {
  Size2 kernel_size;
  Size2 dilation = 1;
  Size2 padding = 0;  ///< zeros added on each side
  Size2 stride = 1;
};

/// The patches of images x (N, C, H, W), or (C, H, W), as columns: (N, C kh kw, patches).
Tensor unfold(const Tensor& x, const UnfoldOptions& options, Site site = Site::current());
/// Columns (N, C kh kw, patches), or without N, added up to images of output_size; the transpose of unfold.
Tensor fold(const Tensor& x, Size2 output_size, const UnfoldOptions& options, Site site = Site::current());

/// x (..., C r^2, H, W) as (..., C, H r, W r), and back. Shi et al., CVPR 2016.
Tensor pixel_shuffle(const Tensor& x, std::int64_t upscale_factor, Site site = Site::current());
Tensor pixel_unshuffle(const Tensor& x, std::int64_t downscale_factor, Site site = Site::current());

}  // namespace ebb
