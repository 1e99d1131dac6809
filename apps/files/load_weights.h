#pragma once

#include <string>

#include "ebb/core/value/state_dict.h"

namespace ebb::apps {

/// The weights in a file of any format, or of what `only` names in it, as `ebb inspect` lists it: "model",
/// "model.fc.weight". A tensor by itself is a state dict of one. `most_bytes` as LoadOptions has it.
StateDict load_weights(const std::string& path, std::uint64_t most_bytes, const std::string& only = "");

}  // namespace ebb::apps
