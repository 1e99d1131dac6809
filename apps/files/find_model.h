#pragma once

#include <string>

#include "ebb/nn/layer.h"

namespace ebb::apps {

/// A model, and the input that it usually takes.
struct FoundModel {
  nn::Layer net;
  Shape input;
};

/// Named as `ebb train` and torchvision name it, or told by the weights in a file; an Error where it is neither.
FoundModel find_model(const std::string& model_or_file);

/// Of --input: sizes with commas between, such as "1,3,224,224"; an Error for anything else.
Shape parse_input(const std::string& input);

}  // namespace ebb::apps
