#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "ebb/nn/summary.h"

namespace ebb::apps {

/// The layers of a model, named as `ebb train` and torchvision name it, or told by the weights in a file. `input`:
/// sizes with commas between, such as "1,3,224,224"; empty for what the model usually takes.
nn::Summary summarize(const std::string& model_or_file, const std::string& input, int depth);

nlohmann::json to_json(const nn::Summary& summary);

}  // namespace ebb::apps
