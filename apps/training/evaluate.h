#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "apps/training/task.h"

namespace ebb::apps {

/// How good a net is on a split.
struct Score {
  double loss;      ///< mean cross entropy
  double accuracy;  ///< share of images, or of pixels, that is right
  double mean_iou;  ///< of the classes that occur: right over right or wrong either way
};

/// Runs the net, in eval mode, over the data set. The mode is as it was afterwards. Nothing where a signal ended it.
std::optional<Score> evaluate(const Task& task, const data::Dataset& dataset, Device device);

nlohmann::json to_json(const Score& score, bool is_segmentation);

struct EvalArguments {
  DataArguments data;
  std::string model;             ///< a file with the weights of a model that ebb train makes
  std::string device;            ///< as for training
  std::uint64_t most_bytes = 0;  ///< as LoadOptions has it
  std::string predictions;       ///< a .png file to draw them to; empty for none
};

/// What a saved model, told by its weights, makes of the test split. An Error where its classes are not those of the
/// data.
nlohmann::json eval_model(EvalArguments arguments);

}  // namespace ebb::apps
