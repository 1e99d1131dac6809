#include "tests/parity/tensor_file.h"

#include <fstream>
#include <iterator>

#include "ebb/core/error.h"
#include "ebb/io/safetensors.h"

namespace parity {

using nlohmann::json;

static std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw BadFolder(path.string() + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

TensorFile::TensorFile(const std::filesystem::path& path) : path_(path.string()) {
  try {
    tensors_ = ebb::io::load_safetensors(path_).tensors;
  } catch (const ebb::Error& error) {
    throw BadFolder(error.what());
  }
}

ebb::Tensor TensorFile::read(const std::string& name) const {
  const ebb::Tensor* found = tensors_.find(name);
  if (found == nullptr) throw BadFolder(path_ + ": no tensor is named " + name);
  return found->clone();
}

json read_json(const std::filesystem::path& path) {
  try {
    return json::parse(read_bytes(path));
  } catch (const json::exception& error) {
    throw BadFolder(path.string() + ": " + error.what());
  }
}

}  // namespace parity
