#pragma once

#include <cstdint>

#include "ebb/core/tensor.h"
#include "ebb/kernels/conv/conv.h"

namespace ebb::kernels {

/// The sizes of a convolution over channels-last images.
struct ConvSizes {
  ConvSizes(const Tensor& x, const Tensor& weight, const ConvGeometry& geometry, const Tensor& y);

  std::int64_t images, channels, height, width;
  std::int64_t out_channels, out_height, out_width;
  std::int64_t kernel_height, kernel_width;
  ConvGeometry geometry;

  std::int64_t pixels() const { return out_height * out_width; }                 // of one output image
  std::int64_t group_channels() const { return channels / geometry.groups; }     // read by a group
  std::int64_t group_outputs() const { return out_channels / geometry.groups; }  // made by a group
  std::int64_t patch() const { return kernel_height * kernel_width * group_channels(); }
  std::int64_t image_elements() const { return channels * height * width; }
  std::int64_t output_elements() const { return out_channels * pixels(); }
  /// A kernel of one pixel that takes every pixel: the image is its own matrix of patches.
  bool is_pointwise() const;
};

/// columns (last - first, kh kw c) = for each output pixel the part of `image` (H, W, C) that group `group` sees there,
/// with zeros outside of the image.
template <class T>
void im2col(const ConvSizes& sizes, const T* image, std::int64_t group, std::int64_t first, std::int64_t last,
            T* columns);

/// Adds each row of columns to the part of `image` that it came from; the transpose of im2col.
template <class T>
void col2im(const ConvSizes& sizes, const T* columns, std::int64_t group, std::int64_t first, std::int64_t last,
            T* image);

}  // namespace ebb::kernels
