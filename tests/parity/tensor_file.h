#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "ebb/core/value/state_dict.h"

namespace parity {

/// The folder, or a file in it, cannot be read.
struct BadFolder : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The tensors of a .safetensors file by name.
class TensorFile {
 public:
  explicit TensorFile(const std::filesystem::path& path);

  bool contains(const std::string& name) const { return tensors_.contains(name); }
  /// A copy of its own, so that no case sees what another wrote.
  ebb::Tensor read(const std::string& name) const;

 private:
  std::string path_;
  ebb::StateDict tensors_;
};

nlohmann::json read_json(const std::filesystem::path& path);

}  // namespace parity
