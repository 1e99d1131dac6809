#include "apps/training/task.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "ebb/autograd/ops.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

#include "apps/images/image_folder.h"

namespace ebb::apps {
namespace {

constexpr std::int64_t unet_width = 16, collage_size = 64, resnet_size = 64;

const std::vector<std::string>& fashion_names() {
  static const std::vector<std::string> names{"T-shirt", "trouser", "pullover", "dress", "coat",
                                              "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
  return names;
}

Split open_items(const DataArguments& arguments, const std::string& split) {
  if (arguments.data == "synthetic") return {data::synthetic(split), {}};
  if (arguments.root.empty() && !data::has_fashion_mnist()) {
    std::fprintf(stderr, "notice: Debian's package dataset-fashion-mnist is not installed; using synthetic data\n");
    return {data::synthetic(split), {}};
  }
  return {data::fashion_mnist(split, arguments.root), fashion_names()};
}

Split limited(Split split, std::int64_t limit) {
  data::Dataset& d = split.dataset;
  if (limit > 0 && limit < d.labels.size(0)) {
    d = {d.images.narrow(0, 0, limit), d.labels.narrow(0, 0, limit), d.name};
  }
  return split;
}

Split open_collages(const DataArguments& arguments, const std::string& split) {
  const bool is_train = split == "train";
  Split items = open_items(arguments, split);
  const std::int64_t size = arguments.image_size > 0 ? arguments.image_size : collage_size;
  const std::int64_t count = arguments.limit > 0 ? arguments.limit : is_train ? 4000 : 500;
  items.dataset = data::collages(items.dataset, {.count = count, .size = size, .seed = is_train ? 1u : 2u});
  if (!items.classes.empty()) items.classes.insert(items.classes.begin(), "background");
  return items;
}

/// float32 in [0, 1].
Tensor scaled(const Tensor& images) { return images.dtype() == kUInt8 ? images.to(kFloat32) / 255 : images; }

/// Three channels of that size, with about the mean and spread that torchvision's published weights expect.
Tensor resnet_input(const Tensor& images, std::int64_t size) {
  Tensor x = scaled(images);
  if (x.size(2) != size || x.size(3) != size)
    x = interpolate(x, {.size = {size, size}, .mode = InterpolateMode::bilinear});
  if (x.size(1) == 1) x = x.expand({x.size(0), 3, size, size});
  const auto of_channels = [&](const std::array<double, 3>& values) {
    return from_values(std::span<const double>(values), {1, 3, 1, 1}).to(kFloat32).to(x.device());
  };
  const Tensor mean = of_channels(image_mean), deviation = of_channels(image_deviation);
  return (x - mean) / deviation;
}

using MakeResNet = models::ResNet (*)(const models::ResNetOptions&);
const std::map<std::string, MakeResNet>& resnets() {
  static const std::map<std::string, MakeResNet> table{{"resnet18", models::resnet18},
                                                       {"resnet34", models::resnet34},
                                                       {"resnet50", models::resnet50},
                                                       {"resnet101", models::resnet101},
                                                       {"resnet152", models::resnet152}};
  return table;
}

}  // namespace

/// An Error for options that the model or the data would pass over.
static void check_data(const std::string& model, const DataArguments& arguments, bool is_folder) {
  const bool is_synthetic = arguments.data == "synthetic";
  const bool is_known = is_folder || is_synthetic || arguments.data.empty() || arguments.data == "fashion-mnist";
  check(is_known, "--data must be fashion-mnist", takes_folders(model) ? ", synthetic or a folder" : " or synthetic",
        ", got ", arguments.data);
  check(!is_folder || takes_folders(model), "--data: ", model,
        " does not learn from a folder of images; a resnet does");
  check(is_folder || !arguments.skip_broken,
        "--skip-broken is for a folder of images; leave it out, or give --data a "
        "folder");
  check(arguments.root.empty() || (!is_folder && !is_synthetic), "--root is where Fashion-MNIST lies, and --data is ",
        arguments.data, "; leave out one");
  check(arguments.image_size == 0 || model != "convnet",
        "--image-size: a convnet takes images as they are; leave it "
        "out");
}

Split open_split(const std::string& model, const DataArguments& arguments, const std::string& split) {
  const bool is_folder = std::filesystem::is_directory(arguments.data);
  check_data(model, arguments, is_folder);
  if (is_folder) {
    const std::int64_t size = arguments.image_size > 0 ? arguments.image_size : 224;
    auto [dataset, classes] =
        image_folder((std::filesystem::path(arguments.data) / split).string(),
                     {.size = size, .limit = arguments.limit, .skip_broken = arguments.skip_broken});
    return {std::move(dataset), std::move(classes)};
  }
  if (model == "unet") return open_collages(arguments, split);
  return limited(open_items(arguments, split), arguments.limit);
}

const std::vector<std::string>& model_names() {
  static const std::vector<std::string> names{"convnet",  "unet",      "resnet18", "resnet34",
                                              "resnet50", "resnet101", "resnet152"};
  return names;
}

bool takes_folders(const std::string& model) { return resnets().contains(model); }

Task make_task(const std::string& model, std::int64_t classes, const DataArguments& arguments) {
  if (model == "convnet") return {model, models::ConvNet(classes), scaled, classes};
  if (model == "unet") return {model, models::UNet(1, classes, false, unet_width), scaled, classes};
  const auto resnet = resnets().find(model);
  check(resnet != resnets().end(), "there is no model ", model);
  const std::int64_t fallback = std::filesystem::is_directory(arguments.data) ? 224 : resnet_size;
  const std::int64_t size = arguments.image_size > 0 ? arguments.image_size : fallback;
  const auto prepare = [size](const Tensor& images) { return resnet_input(images, size); };
  return {model, resnet->second({.num_classes = classes}), prepare, classes, size, true};
}

}  // namespace ebb::apps
