#pragma once

#include "ebb/nn/layers.h"

namespace ebb::models {

/// Twice: 3 x 3 convolution, batch norm, ReLU. (N, in, H, W) -> (N, out, H, W).
struct DoubleConv : nn::Module {
  /// `mid_channels` lie between the two convolutions; 0 for as many as out_channels.
  DoubleConv(std::int64_t in_channels, std::int64_t out_channels, std::int64_t mid_channels = 0);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return double_conv(x);
  }

  nn::Child<nn::Sequential> double_conv;
};

/// Halves the image by max pooling, then DoubleConv.
struct Down : nn::Module {
  Down(std::int64_t in_channels, std::int64_t out_channels);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return maxpool_conv(x);
  }

  nn::Child<nn::Sequential> maxpool_conv;
};

/// Doubles the image, by bilinear interpolation or a transposed convolution, joins it with the one of the way down,
/// then DoubleConv.
struct Up : nn::Module {
  Up(std::int64_t in_channels, std::int64_t out_channels, bool bilinear);

  /// `x` from below, and `skip` from the way down, which `x` is padded to where a size was odd.
  Tensor operator()(const Tensor& x, const Tensor& skip) const;

  nn::Child<nn::Layer> up;
  nn::Child<DoubleConv> conv;
};

/// A 1 x 1 convolution to the classes.
struct OutConv : nn::Module {
  OutConv(std::int64_t in_channels, std::int64_t out_channels);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return conv(x);
  }

  nn::Child<nn::Conv2d> conv;
};

/// Segmentation: (N, n_channels, H, W) -> (N, n_classes, H, W), of any H and W of at least 16; Ronneberger et al.,
/// MICCAI 2015, with batch norm and padding.
struct UNet : nn::Module {
  /// `width` is the number of channels at full size; 64 in the paper.
  UNet(std::int64_t n_channels, std::int64_t n_classes, bool bilinear = false, std::int64_t width = 64);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const;

  nn::Child<DoubleConv> inc;
  nn::Child<Down> down1, down2, down3, down4;
  nn::Child<Up> up1, up2, up3, up4;
  nn::Child<OutConv> outc;
};

}  // namespace ebb::models
