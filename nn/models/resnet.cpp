#include "ebb/nn/models/resnet.h"

#include <utility>

#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/nn/init/init.h"

namespace ebb::models {

using Downsample = std::optional<nn::Sequential>;

static nn::Conv2d conv3x3(std::int64_t in, std::int64_t out, std::int64_t stride = 1, std::int64_t dilation = 1,
                          std::int64_t groups = 1) {
  return nn::conv2d({.in_channels = in,
                     .out_channels = out,
                     .kernel_size = 3,
                     .stride = stride,
                     .padding = dilation,
                     .dilation = dilation,
                     .groups = groups,
                     .bias = false});
}

static nn::Conv2d conv1x1(std::int64_t in, std::int64_t out, std::int64_t stride = 1) {
  return nn::conv2d({.in_channels = in, .out_channels = out, .kernel_size = 1, .stride = stride, .bias = false});
}

BasicBlock::BasicBlock(std::int64_t in_channels, std::int64_t channels, std::int64_t stride, Downsample shortcut)
    : conv1(this, "conv1", conv3x3(in_channels, channels, stride)),
      bn1(this, "bn1", nn::batch_norm2d(channels)),
      relu(this, "relu", nn::relu({.inplace = true})),
      conv2(this, "conv2", conv3x3(channels, channels)),
      bn2(this, "bn2", nn::batch_norm2d(channels)) {
  if (shortcut) downsample.emplace(this, "downsample", std::move(*shortcut));
}

Tensor BasicBlock::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  const Tensor y = conv2(nn::norm_relu(bn1, relu, conv1(x)));
  return nn::norm_relu(bn2, relu, y, [&] { return downsample ? (*downsample)(x) : x; });
}

static std::int64_t width_of(const BottleneckOptions& o) {
  return static_cast<std::int64_t>(static_cast<double>(o.channels) * (static_cast<double>(o.width_per_group) / 64)) *
         o.groups;
}

Bottleneck::Bottleneck(const BottleneckOptions& o, Downsample shortcut)
    : conv1(this, "conv1", conv1x1(o.in_channels, width_of(o))),
      bn1(this, "bn1", nn::batch_norm2d(width_of(o))),
      conv2(this, "conv2", conv3x3(width_of(o), width_of(o), o.stride, o.dilation, o.groups)),
      bn2(this, "bn2", nn::batch_norm2d(width_of(o))),
      conv3(this, "conv3", conv1x1(width_of(o), o.channels * expansion)),
      bn3(this, "bn3", nn::batch_norm2d(o.channels * expansion)),
      relu(this, "relu", nn::relu({.inplace = true})) {
  if (shortcut) downsample.emplace(this, "downsample", std::move(*shortcut));
}

Tensor Bottleneck::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  const Tensor y = conv3(nn::norm_relu(bn2, relu, conv2(nn::norm_relu(bn1, relu, conv1(x)))));
  return nn::norm_relu(bn3, relu, y, [&] { return downsample ? (*downsample)(x) : x; });
}

/// Builds the four layers: each starts with the channels and the dilation that the one before has left.
class ResNet::Stages {
 public:
  Stages(Block block, const ResNetOptions& options) : block_(block), options_(options) {
    check(block == Block::bottleneck || (options.groups == 1 && options.width_per_group == 64),
          "ResNet: BasicBlock knows only groups = 1 and width_per_group = 64, got ", options.groups, " and ",
          options.width_per_group);
  }

  nn::Sequential layer(std::int64_t channels, std::int64_t count, std::int64_t stride, bool dilate) {
    const std::int64_t first_dilation = dilation_;
    if (dilate) dilation_ *= std::exchange(stride, 1);
    const std::int64_t out_channels = channels * expansion();
    Downsample shortcut;
    if (stride != 1 || channels_ != out_channels) {
      shortcut.emplace(nn::sequential({conv1x1(channels_, out_channels, stride), nn::batch_norm2d(out_channels)}));
    }
    nn::Sequential blocks;
    blocks.append(block(channels, stride, first_dilation, std::move(shortcut)));
    channels_ = out_channels;
    for (std::int64_t i = 1; i < count; ++i) blocks.append(block(channels, 1, dilation_, {}));
    return blocks;
  }

  std::int64_t channels() const { return channels_; }
  std::int64_t expansion() const { return block_ == Block::basic ? BasicBlock::expansion : Bottleneck::expansion; }

 private:
  nn::Layer block(std::int64_t channels, std::int64_t stride, std::int64_t dilation, Downsample shortcut) const {
    if (block_ == Block::basic) {
      check(dilation == 1, "ResNet: BasicBlock cannot be dilated; leave replace_stride_with_dilation false");
      return BasicBlock(channels_, channels, stride, std::move(shortcut));
    }
    return Bottleneck({.in_channels = channels_,
                       .channels = channels,
                       .stride = stride,
                       .dilation = dilation,
                       .groups = options_.groups,
                       .width_per_group = options_.width_per_group},
                      std::move(shortcut));
  }

  Block block_;
  ResNetOptions options_;
  std::int64_t channels_ = 64, dilation_ = 1;
};

static nn::Conv2d stem() {
  return nn::conv2d({.in_channels = 3, .out_channels = 64, .kernel_size = 7, .stride = 2, .padding = 3, .bias = false});
}

/// As torchvision: the random numbers are drawn in its order, so that one seed gives the same weights.
static void initialise(ResNet& net, bool zero_init_residual) {
  for (nn::Module* module : net.modules()) {
    if (auto* conv = dynamic_cast<nn::Conv2d*>(module)) {
      nn::init::kaiming_normal_(conv->weight, {.mode = nn::init::FanMode::fan_out, .nonlinearity = "relu"});
    }
  }
  if (!zero_init_residual) return;
  for (nn::Module* module : net.modules()) {
    if (auto* block = dynamic_cast<Bottleneck*>(module)) nn::init::zeros_(block->bn3->weight);
    if (auto* block = dynamic_cast<BasicBlock*>(module)) nn::init::zeros_(block->bn2->weight);
  }
}

ResNet::ResNet(Block block, const std::array<std::int64_t, 4>& blocks, const ResNetOptions& options)
    : ResNet(Stages(block, options), blocks, options) {}

ResNet::ResNet(Stages stages, const std::array<std::int64_t, 4>& blocks, const ResNetOptions& o)
    : conv1(this, "conv1", stem()),
      bn1(this, "bn1", nn::batch_norm2d(64)),
      relu(this, "relu", nn::relu({.inplace = true})),
      maxpool(this, "maxpool", nn::max_pool2d({.kernel_size = 3, .stride = 2, .padding = 1})),
      layer1(this, "layer1", stages.layer(64, blocks[0], 1, false)),
      layer2(this, "layer2", stages.layer(128, blocks[1], 2, o.replace_stride_with_dilation[0])),
      layer3(this, "layer3", stages.layer(256, blocks[2], 2, o.replace_stride_with_dilation[1])),
      layer4(this, "layer4", stages.layer(512, blocks[3], 2, o.replace_stride_with_dilation[2])),
      avgpool(this, "avgpool", nn::adaptive_avg_pool2d({1, 1})),
      fc(this, "fc", nn::linear(stages.channels(), o.num_classes)) {
  initialise(*this, o.zero_init_residual);
}

Tensor ResNet::features(const Tensor& x) const {
  return layer4(layer3(layer2(layer1(nn::norm_relu_pool(bn1, relu, maxpool, conv1(x))))));
}

Tensor ResNet::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return fc(avgpool(features(x)).flatten(1));
}

using Block = ResNet::Block;

ResNet resnet18(const ResNetOptions& options) { return {Block::basic, {2, 2, 2, 2}, options}; }
ResNet resnet34(const ResNetOptions& options) { return {Block::basic, {3, 4, 6, 3}, options}; }
ResNet resnet50(const ResNetOptions& options) { return {Block::bottleneck, {3, 4, 6, 3}, options}; }
ResNet resnet101(const ResNetOptions& options) { return {Block::bottleneck, {3, 4, 23, 3}, options}; }
ResNet resnet152(const ResNetOptions& options) { return {Block::bottleneck, {3, 8, 36, 3}, options}; }

ResNet resnext50_32x4d(ResNetOptions options) {
  options.groups = 32;
  options.width_per_group = 4;
  return resnet50(options);
}

ResNet resnext101_32x8d(ResNetOptions options) {
  options.groups = 32;
  options.width_per_group = 8;
  return resnet101(options);
}

ResNet resnext101_64x4d(ResNetOptions options) {
  options.groups = 64;
  options.width_per_group = 4;
  return resnet101(options);
}

ResNet wide_resnet50_2(ResNetOptions options) {
  options.width_per_group = 64 * 2;
  return resnet50(options);
}

ResNet wide_resnet101_2(ResNetOptions options) {
  options.width_per_group = 64 * 2;
  return resnet101(options);
}

}  // namespace ebb::models
