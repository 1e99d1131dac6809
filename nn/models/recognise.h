#pragma once

#include <array>
#include <string>

#include "ebb/core/value/state_dict.h"
#include "ebb/nn/layer.h"

namespace ebb::models {

/// What the keys and shapes of a state dict say of the model that it is of. What they do not say is taken as usual: a
/// network of Bottleneck blocks for one without dilation, a UNet's rounding of odd sizes for the tutorial's.
struct Recognised {
  enum class Family { convnet, unet, resnet };

  Family family = Family::convnet;
  std::string name =
      {};  ///< "resnet50", "wide_resnet50_2", "resnext50_32x4d", "unet", "convnet"; "resnet" of other sizes
  std::string prefix = {};  ///< what stands before every key: "module."
  std::int64_t classes = 0;
  std::int64_t channels = 0;                      ///< of the image
  std::int64_t width = 0;                         ///< of a UNet: channels at full size
  bool bilinear = false;                          ///< of a UNet
  bool has_bottlenecks = false;                   ///< of a ResNet
  std::array<std::int64_t, 4> blocks{};           ///< of a ResNet
  std::int64_t groups = 1, width_per_group = 64;  ///< of a ResNet
};

/// An Error that says what was looked for where the weights are of none of the models that ebb has.
Recognised recognise(const StateDict& weights);

/// A model of that kind, with zeros for weights.
nn::Layer make(const Recognised& model);

}  // namespace ebb::models
