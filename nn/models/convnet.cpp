#include "ebb/nn/models/convnet.h"

namespace ebb::models {

static nn::Sequential block(std::int64_t in_channels, std::int64_t out_channels) {
  return nn::sequential(
      {nn::conv2d({.in_channels = in_channels, .out_channels = out_channels, .kernel_size = 5, .padding = 2}),
       nn::batch_norm2d(out_channels), nn::relu(), nn::max_pool2d({.kernel_size = 2})});
}

ConvNet::ConvNet(std::int64_t num_classes)
    : layer1(this, "layer1", block(1, 16)),
      layer2(this, "layer2", block(16, 32)),
      fc(this, "fc", nn::linear(7 * 7 * 32, num_classes)) {}

}  // namespace ebb::models
