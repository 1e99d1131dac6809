#pragma once

#include <string>

#include "ebb/core/value/value.h"
#include "ebb/io/pth.h"

namespace ebb::apps {

struct AnyFile {
  Value content;       ///< of .safetensors files an ordered dict of their tensors
  std::string format;  ///< "safetensors"
};

/// Reads a .pth file of any version, a .safetensors, .npy, .npz or idx file, the last plain or compressed by gzip: told
/// by its content and not by its name. An Error that says what else it is. `map_location` is for .pth files.
AnyFile load_any(const std::string& path, const io::MapLocation& map_location = kCPU);

/// Saves in the format that the name's end asks for: .safetensors, .npz, .npy, which takes one tensor, or else .pth.
void save_weights(const std::string& path, const StateDict& weights);

}  // namespace ebb::apps
