#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "ebb/data/datasets.h"
#include "ebb/nn/layer.h"

namespace ebb::apps {

struct DataArguments {
  std::string data;             ///< fashion-mnist, synthetic, or a folder of images; empty for fashion-mnist
  std::string root;             ///< folder of Fashion-MNIST's files; empty for where Debian's package puts them
  std::int64_t limit = 0;       ///< only so many images of a split; 0 for all
  std::int64_t image_size = 0;  ///< that images are brought to; 0 for the model's choice
  bool skip_broken = false;     ///< leave out images that cannot be read
};

/// Of each channel, as torchvision's published weights expect.
inline constexpr std::array image_mean{0.485, 0.456, 0.406}, image_deviation{0.229, 0.224, 0.225};

/// A net, and what turns the images of a data set to its input.
struct Task {
  std::string model;                             ///< "convnet", "unet", "resnet18", ...
  nn::SharedLayer net;                           ///< on what `prepare` returns: scores (N, C) or (N, C, H, W)
  std::function<Tensor(const Tensor&)> prepare;  ///< images of the data set on any device, as the net takes them
  std::int64_t classes = 0;
  std::int64_t image_size = 0;  ///< that `prepare` brings images to; 0 where it leaves their size
  bool is_normalised = false;   ///< by image_mean and image_deviation

  bool is_segmentation() const { return model == "unet"; }
  /// Scores for images of the data set.
  Tensor operator()(const Tensor& images) const { return net(prepare(images)); }
};

/// One split of what the model learns from, "train" or "test".
struct Split {
  data::Dataset dataset;
  std::vector<std::string> classes;  ///< their names; empty where only numbers are known
};

/// The data that `arguments` name, for that kind of model. Where Debian's package is absent and no folder was named:
/// the synthetic ones, with a notice on stderr.
Split open_split(const std::string& model, const DataArguments& arguments, const std::string& split);

/// The names that make_task() knows.
const std::vector<std::string>& model_names();

/// Whether it learns from a folder of images, too.
bool takes_folders(const std::string& model);

/// A fresh net for that many classes; its weights come from the default generator.
Task make_task(const std::string& model, std::int64_t classes, const DataArguments& arguments);

}  // namespace ebb::apps
