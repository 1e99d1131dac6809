#include "tests/parity/tensor_file.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace parity {

using ebb::DType;
using nlohmann::json;

static std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw BadFolder(path.string() + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

static std::optional<DType> dtype_named(const std::string& name) {
  static const std::map<std::string, DType> types{
      {"F64", ebb::kFloat64}, {"F32", ebb::kFloat32}, {"F16", ebb::kFloat16}, {"BF16", ebb::kBFloat16},
      {"I64", ebb::kInt64},   {"I32", ebb::kInt32},   {"U8", ebb::kUInt8},    {"BOOL", ebb::kBool}};
  const auto found = types.find(name);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

static ebb::Tensor tensor_at(const json& entry, const std::string& data) {
  const auto dtype = dtype_named(entry.at("dtype").get<std::string>());
  if (!dtype) return {};
  const auto sizes = entry.at("shape").get<std::vector<std::int64_t>>();
  ebb::Tensor x = ebb::empty(ebb::Shape(sizes), {.dtype = *dtype});
  const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
  const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
  const std::size_t bytes = static_cast<std::size_t>(x.numel()) * ebb::size_of(*dtype);
  if (begin > end || end > data.size() || end - begin != bytes) throw BadFolder("data offsets do not fit the shape");
  std::copy_n(data.data() + begin, bytes, reinterpret_cast<char*>(x.raw_data()));
  return x;
}

TensorFile::TensorFile(const std::filesystem::path& path) : path_(path.string()) {
  const std::string bytes = read_bytes(path);
  std::uint64_t header_size = 0;
  if (bytes.size() >= sizeof header_size) std::memcpy(&header_size, bytes.data(), sizeof header_size);
  if (bytes.size() < sizeof header_size || header_size > bytes.size() - sizeof header_size) {
    throw BadFolder(path_ + ": shorter than its header");
  }
  try {
    const json header = json::parse(bytes.substr(sizeof header_size, header_size));
    const std::string data = bytes.substr(sizeof header_size + header_size);
    for (const auto& [name, entry] : header.items()) {
      if (name != "__metadata__") tensors_[name] = tensor_at(entry, data);
    }
  } catch (const std::exception& error) {
    throw BadFolder(path_ + ": " + error.what());
  }
}

ebb::Tensor TensorFile::read(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw BadFolder(path_ + ": no tensor is named " + name);
  return found->second.defined() ? found->second.clone() : ebb::Tensor();
}

json read_json(const std::filesystem::path& path) {
  try {
    return json::parse(read_bytes(path));
  } catch (const json::exception& error) {
    throw BadFolder(path.string() + ": " + error.what());
  }
}

}  // namespace parity
