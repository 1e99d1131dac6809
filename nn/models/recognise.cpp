#include "ebb/nn/models/recognise.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ebb/nn/init/init.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

namespace ebb::models {
namespace {

using Family = Recognised::Family;

/// The weights without what stands before every key.
class Weights {
 public:
  Weights(const StateDict& dict, std::string prefix) : dict_(dict), prefix_(std::move(prefix)) {}

  const Tensor* find(const std::string& name, int dim) const {
    const Tensor* tensor = dict_.find(prefix_ + name);
    return tensor != nullptr && tensor->dim() == dim ? tensor : nullptr;
  }
  bool has(const std::string& name) const { return dict_.contains(prefix_ + name); }

 private:
  const StateDict& dict_;
  std::string prefix_;
};

struct Named {
  const char* name;
  bool has_bottlenecks;
  std::array<std::int64_t, 4> blocks;
  std::int64_t groups, width_per_group;
};

constexpr std::array<Named, 10> resnets{{{"resnet18", false, {2, 2, 2, 2}, 1, 64},
                                         {"resnet34", false, {3, 4, 6, 3}, 1, 64},
                                         {"resnet50", true, {3, 4, 6, 3}, 1, 64},
                                         {"resnet101", true, {3, 4, 23, 3}, 1, 64},
                                         {"resnet152", true, {3, 8, 36, 3}, 1, 64},
                                         {"resnext50_32x4d", true, {3, 4, 6, 3}, 32, 4},
                                         {"resnext101_32x8d", true, {3, 4, 23, 3}, 32, 8},
                                         {"resnext101_64x4d", true, {3, 4, 23, 3}, 64, 4},
                                         {"wide_resnet50_2", true, {3, 4, 6, 3}, 1, 128},
                                         {"wide_resnet101_2", true, {3, 4, 23, 3}, 1, 128}}};

std::string name_of_resnet(const Recognised& model) {
  for (const Named& known : resnets) {
    if (known.has_bottlenecks == model.has_bottlenecks && known.blocks == model.blocks &&
        known.groups == model.groups && known.width_per_group == model.width_per_group) {
      return known.name;
    }
  }
  return "resnet";
}

/// Blocks whose two great convolutions have the size that they must have: what is counted will be allocated.
std::int64_t count_blocks(const Weights& weights, int layer, std::int64_t width, std::int64_t groups) {
  std::int64_t count = 0;
  for (;; ++count) {
    const std::string path = "layer" + std::to_string(layer) + "." + std::to_string(count) + ".";
    const Tensor *outer = weights.find(path + "conv1.weight", 4), *inner = weights.find(path + "conv2.weight", 4);
    const bool fits = outer != nullptr && inner != nullptr && outer->size(0) == width && inner->size(0) == width &&
                      inner->size(1) * groups == width;
    if (!fits) return count;
  }
}

std::optional<Recognised> as_resnet(const Weights& weights) {
  const Tensor* stem = weights.find("conv1.weight", 4);
  const Tensor* head = weights.find("fc.weight", 2);
  const Tensor* inner = weights.find("layer1.0.conv2.weight", 4);
  if (stem == nullptr || head == nullptr || inner == nullptr || inner->size(1) == 0) return {};
  Recognised model{.family = Family::resnet};
  model.classes = head->size(0);
  model.channels = stem->size(1);
  model.has_bottlenecks = weights.has("layer1.0.conv3.weight");
  model.groups = inner->size(0) / inner->size(1);
  model.width_per_group = model.groups > 0 ? inner->size(0) / model.groups : 0;
  for (int layer = 0; layer < 4; ++layer) {
    model.blocks[static_cast<std::size_t>(layer)] =
        count_blocks(weights, layer + 1, inner->size(0) << layer, model.groups);
  }
  if (std::ranges::find(model.blocks, 0) != model.blocks.end()) return {};
  model.name = name_of_resnet(model);
  return model;
}

std::optional<Recognised> as_unet(const Weights& weights) {
  const Tensor* first = weights.find("inc.double_conv.0.weight", 4);
  const Tensor* head = weights.find("outc.conv.weight", 4);
  const Tensor* lowest = weights.find("down4.maxpool_conv.1.double_conv.3.weight", 4);
  if (first == nullptr || head == nullptr || lowest == nullptr) return {};
  Recognised model{.family = Family::unet, .name = "unet"};
  model.classes = head->size(0);
  model.channels = first->size(1);
  model.width = first->size(0);
  model.bilinear = !weights.has("up1.up.weight");
  if (lowest->size(0) != 16 * model.width / (model.bilinear ? 2 : 1) || lowest->size(1) != lowest->size(0)) return {};
  return model;
}

std::optional<Recognised> as_convnet(const Weights& weights) {
  const Tensor* first = weights.find("layer1.0.weight", 4);
  const Tensor* head = weights.find("fc.weight", 2);
  if (first == nullptr || head == nullptr || !weights.has("layer2.1.running_mean")) return {};
  Recognised model{.family = Family::convnet, .name = "convnet"};
  model.classes = head->size(0);
  model.channels = first->size(1);
  return model;
}

/// The path before the key that a model of each family begins with.
std::optional<std::string> prefix_of(const std::string& key) {
  for (const std::string first : {"conv1.weight", "inc.double_conv.0.weight", "layer1.0.weight"}) {
    const bool is_whole = key.size() == first.size() || key[key.size() - std::min(key.size(), first.size() + 1)] == '.';
    if (key.ends_with(first) && is_whole) return key.substr(0, key.size() - first.size());
  }
  return {};
}

}  // namespace

Recognised recognise(const StateDict& dict) {
  for (const auto& [key, tensor] : dict) {
    const auto prefix = prefix_of(key);
    if (!prefix) continue;
    const Weights weights(dict, *prefix);
    for (const auto& as_model : {as_resnet, as_unet, as_convnet}) {
      if (auto model = as_model(weights)) {
        model->prefix = *prefix;
        return *std::move(model);
      }
    }
  }
  fail(
      "the weights are of no model that ebb knows: a ResNet has conv1.weight, layer1.0.conv2.weight and fc.weight, a "
      "UNet inc.double_conv.0.weight and outc.conv.weight, a ConvNet layer1.0.weight, layer2.1.running_mean and "
      "fc.weight; ",
      dict.empty() ? "there are no keys here" : "the first key here is \"" + dict.begin()->first + "\"",
      ". Build the model and use its load_state_dict");
}

nn::Layer make(const Recognised& model) {
  const nn::init::ZeroInitGuard no_drawing;
  if (model.family == Family::convnet) return ConvNet(model.classes);
  if (model.family == Family::unet) return UNet(model.channels, model.classes, model.bilinear, model.width);
  check(model.channels == 3, "the ResNets here take images of 3 channels, the weights are for ", model.channels);
  const auto block = model.has_bottlenecks ? ResNet::Block::bottleneck : ResNet::Block::basic;
  return ResNet(block, model.blocks,
                {.num_classes = model.classes, .groups = model.groups, .width_per_group = model.width_per_group});
}

}  // namespace ebb::models
