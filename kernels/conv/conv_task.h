#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// Of a 2-D convolution; the entries of each pair are for height and width.
struct ConvGeometry {
  std::array<std::int64_t, 2> stride, padding, dilation;
  std::int64_t groups;
};

/// The sizes of a convolution over channels-last images.
struct ConvSizes {
  ConvSizes(const Tensor& x, const Tensor& weight, const ConvGeometry& geometry, const Tensor& y)
      : images(x.size(0)),
        channels(x.size(1)),
        height(x.size(2)),
        width(x.size(3)),
        out_channels(y.size(1)),
        out_height(y.size(2)),
        out_width(y.size(3)),
        kernel_height(weight.size(2)),
        kernel_width(weight.size(3)),
        geometry(geometry) {}

  std::int64_t images, channels, height, width;
  std::int64_t out_channels, out_height, out_width;
  std::int64_t kernel_height, kernel_width;
  ConvGeometry geometry;

  std::int64_t pixels() const { return out_height * out_width; }                 // of one output image
  std::int64_t taps() const { return kernel_height * kernel_width; }             // of the kernel
  std::int64_t group_channels() const { return channels / geometry.groups; }     // read by a group
  std::int64_t group_outputs() const { return out_channels / geometry.groups; }  // made by a group
  std::int64_t patch() const { return taps() * group_channels(); }
  std::int64_t image_elements() const { return channels * height * width; }
  std::int64_t output_elements() const { return out_channels * pixels(); }
  /// A kernel of one pixel that takes every pixel, and no others: the image is its own matrix of patches.
  bool is_pointwise() const {
    const auto& g = geometry;
    return taps() == 1 && g.stride[0] == 1 && g.stride[1] == 1 && g.padding[0] == 0 && g.padding[1] == 0 &&
           out_height == height && out_width == width;
  }
  /// Is there an output pixel for every place of the kernel? Not where a transposed convolution has an output_padding
  /// of a stride or more.
  bool has_all_outputs() const {
    const auto places = [this](std::size_t i, std::int64_t size, std::int64_t kernel) {
      const auto& g = geometry;
      return (size + 2 * g.padding[i] - g.dilation[i] * (kernel - 1) - 1) / g.stride[i] + 1;
    };
    return out_height == places(0, height, kernel_height) && out_width == places(1, width, kernel_width);
  }
};

enum class ConvPass : std::uint8_t { forward, backward_input, backward_weight };

/// What the choice of an implementation depends on.
struct ConvTask {
  ConvPass pass;
  ConvSizes sizes;
  DType dtype;
};

}  // namespace ebb::kernels
