#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "ebb/core/value/value.h"

namespace ebb::apps {

/// What a file holds, of any kind that io::load_any reads: its format, tensors by path with dtype, shape, bytes and
/// what they share, numbers and short texts beside them, places that tensors were on, an optimizer in a line, names
/// that Python would import to load it, and hints at usual mistakes. The elements of large tensors are not read.
/// `most_bytes` as LoadOptions has it.
nlohmann::json inspect_file(const std::string& path, std::uint64_t most_bytes);
/// The same for a person.
std::string inspection_to_text(const nlohmann::json& report);

/// Reads all of it, with every check that there is: {"file", "sound", "imports", "safe_to_load", "error" where not
/// sound}.
nlohmann::json verify_file(const std::string& path, std::uint64_t most_bytes);

/// How two files' weights differ: keys that only one has, shapes, dtypes, and by how much values do at most; "prefix"
/// where that is all that the keys differ in.
nlohmann::json diff_files(const std::string& a, const std::string& b, std::uint64_t most_bytes);
std::string diff_to_text(const nlohmann::json& report);

struct ConvertArguments {
  std::string from, to;
  std::string only;              ///< the part under this key: "model"
  std::string strip;             ///< taken from the front of every key: "module."
  std::string dtype;             ///< of floating tensors; as they are where empty
  std::uint64_t most_bytes = 0;  ///< as LoadOptions has it
};
/// Writes the weights of a file, of whatever format, as a state dict: .safetensors, .npz, .npy or .pth, as the name
/// ends.
nlohmann::json convert_file(const ConvertArguments& arguments);

}  // namespace ebb::apps
