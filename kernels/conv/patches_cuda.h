#pragma once

#include "ebb/core/context.h"
#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

// Of channels-last images and a convolution of one group, on a GPU: float32 or float64.

/// What the kernel reads for each pixel of `images` of x's images from `first` on: patches (images, out_height,
/// out_width, kh, kw, C), 0 in the padding.
void gather_patches(CudaContext&, const Tensor& x, const ConvSizes& sizes, std::int64_t first, std::int64_t images,
                    Tensor& patches);

/// Each element of those images of dx: the sum of all that stand for it in `patches`.
void add_patches(CudaContext&, const Tensor& patches, const ConvSizes& sizes, std::int64_t first, std::int64_t images,
                 Tensor& dx);

}  // namespace ebb::kernels
