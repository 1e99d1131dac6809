#pragma once

#include <array>
#include <optional>

#include "ebb/nn/layers.h"

namespace ebb::models {

/// The residual networks of He et al., CVPR 2016, as torchvision has them: the same names, order, shapes and
/// initialisation, so that its published weights load. (N, 3, H, W) -> (N, num_classes).
struct ResNetOptions {
  std::int64_t num_classes = 1000;
  /// Start the last norm of each block at 0, so that every block starts as the identity; Goyal et al., 2017.
  bool zero_init_residual = false;
  /// Dilate layers 2 to 4 where they would halve the image (only for networks of Bottleneck blocks).
  std::array<bool, 3> replace_stride_with_dilation{};
  std::int64_t groups = 1;
  std::int64_t width_per_group = 64;
};

/// Two 3 x 3 convolutions beside the identity.
struct BasicBlock : nn::Module {
  static constexpr std::int64_t expansion = 1;

  BasicBlock(std::int64_t in_channels, std::int64_t channels, std::int64_t stride = 1,
             std::optional<nn::Sequential> downsample = {});

  Tensor operator()(const Tensor& x, Site site = Site::current()) const;

  nn::Child<nn::Conv2d> conv1;
  nn::Child<nn::BatchNorm2d> bn1;
  nn::Child<nn::ReLU> relu;
  nn::Child<nn::Conv2d> conv2;
  nn::Child<nn::BatchNorm2d> bn2;
  std::optional<nn::Child<nn::Sequential>> downsample;  ///< what takes the place of the identity
};

struct BottleneckOptions {
  std::int64_t in_channels, channels;
  std::int64_t stride = 1, dilation = 1;  ///< of the 3 x 3 convolution
  std::int64_t groups = 1, width_per_group = 64;
};

/// 1 x 1 to fewer channels, 3 x 3, and 1 x 1 to four times `channels`, beside the identity.
struct Bottleneck : nn::Module {
  static constexpr std::int64_t expansion = 4;

  explicit Bottleneck(const BottleneckOptions& options, std::optional<nn::Sequential> downsample = {});

  Tensor operator()(const Tensor& x, Site site = Site::current()) const;

  nn::Child<nn::Conv2d> conv1;
  nn::Child<nn::BatchNorm2d> bn1;
  nn::Child<nn::Conv2d> conv2;
  nn::Child<nn::BatchNorm2d> bn2;
  nn::Child<nn::Conv2d> conv3;
  nn::Child<nn::BatchNorm2d> bn3;
  nn::Child<nn::ReLU> relu;
  std::optional<nn::Child<nn::Sequential>> downsample;
};

struct ResNet : nn::Module {
  enum class Block { basic, bottleneck };

  /// `blocks` says how many each of the four layers has.
  ResNet(Block block, const std::array<std::int64_t, 4>& blocks, const ResNetOptions& options = {});

  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  /// Everything before the pooling: (N, 3, H, W) -> (N, fc's inputs, H / 32, W / 32) without dilation.
  Tensor features(const Tensor& x) const;

 private:
  class Stages;
  ResNet(Stages stages, const std::array<std::int64_t, 4>& blocks, const ResNetOptions& options);

 public:
  nn::Child<nn::Conv2d> conv1;
  nn::Child<nn::BatchNorm2d> bn1;
  nn::Child<nn::ReLU> relu;
  nn::Child<nn::MaxPool2d> maxpool;
  nn::Child<nn::Sequential> layer1, layer2, layer3, layer4;
  nn::Child<nn::AdaptiveAvgPool2d> avgpool;
  nn::Child<nn::Layer> fc;
};

ResNet resnet18(const ResNetOptions& options = {});
ResNet resnet34(const ResNetOptions& options = {});
ResNet resnet50(const ResNetOptions& options = {});
ResNet resnet101(const ResNetOptions& options = {});
ResNet resnet152(const ResNetOptions& options = {});
/// Xie et al., CVPR 2017.
ResNet resnext50_32x4d(ResNetOptions options = {});
ResNet resnext101_32x8d(ResNetOptions options = {});
ResNet resnext101_64x4d(ResNetOptions options = {});
/// Zagoruyko and Komodakis, BMVC 2016.
ResNet wide_resnet50_2(ResNetOptions options = {});
ResNet wide_resnet101_2(ResNetOptions options = {});

}  // namespace ebb::models
