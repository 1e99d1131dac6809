#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "ebb/autograd/ops.h"
#include "ebb/io/npy.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"

#include "apps/files/file_report.h"
#include "apps/files/load_weights.h"

namespace ebb::apps {
namespace {

using nlohmann::json;

void save_as_pth(const std::string& path, const StateDict& weights) { io::save(path, weights); }
void save_as_safetensors(const std::string& path, const StateDict& weights) { io::save_safetensors(path, weights); }
void save_as_npz(const std::string& path, const StateDict& weights) { io::save_npz(path, weights); }
void save_as_npy(const std::string& path, const StateDict& weights) {
  check(weights.size() == 1, "a .npy file holds one tensor, got ", weights.size(),
        "; --only KEY takes one of them, and a .npz file holds them all");
  io::save_npy(path, weights.begin()->second);
}

using Save = void (*)(const std::string& path, const StateDict& weights);

/// For the format that the name's end asks for.
Save saving_as(const std::string& path) {
  constexpr std::array<std::pair<const char*, Save>, 7> endings{{{".pth", save_as_pth},
                                                                 {".pt", save_as_pth},
                                                                 {".ckpt", save_as_pth},
                                                                 {".bin", save_as_pth},
                                                                 {".safetensors", save_as_safetensors},
                                                                 {".npz", save_as_npz},
                                                                 {".npy", save_as_npy}}};
  const auto known = std::ranges::find_if(endings, [&](const auto& ending) { return path.ends_with(ending.first); });
  check(known != endings.end(), path, ": what is written is told by the name's end: .pth (or .pt, .ckpt, .bin), ",
        ".safetensors, .npz or .npy");
  return known->second;
}

/// Of values that the format has no place for.
json keys_of(const Dict& dict) {
  json keys = json::array();
  for (const auto& [key, value] : dict.entries) keys.push_back(key.is_text() ? key.as_text() : key.kind_name());
  return keys;
}

DType dtype_named(const std::string& name) {
  for (const DType dtype : {kFloat16, kBFloat16, kFloat32, kFloat64}) {
    if (name == to_string(dtype)) return dtype;
  }
  fail("--dtype must be float16, bfloat16, float32 or float64, got ", name);
}

}  // namespace

json convert_file(const ConvertArguments& arguments) {
  const Save save = saving_as(arguments.to);
  const StateDict weights = load_weights(arguments.from, arguments.most_bytes, arguments.only);
  std::optional<DType> dtype;
  if (!arguments.dtype.empty()) dtype = dtype_named(arguments.dtype);
  StateDict converted;
  std::size_t stripped = 0;
  for (const auto& [name, tensor] : weights) {
    const bool strips = !arguments.strip.empty() && name.starts_with(arguments.strip);
    stripped += strips ? 1 : 0;
    const std::string to = strips ? name.substr(arguments.strip.size()) : name;
    check(!converted.contains(to), "without \"", arguments.strip, "\" two tensors would be named \"", to, "\"");
    converted.set(to, dtype && is_floating(tensor.dtype()) ? tensor.to(*dtype) : tensor);
  }
  check(arguments.strip.empty() || stripped > 0, "no key begins with \"", arguments.strip, "\"");
  if (arguments.strip.empty()) converted.versions = weights.versions;
  if (save == save_as_pth) converted.others = weights.others, converted.notes = weights.notes;
  save(arguments.to, converted);
  json report{{"from", arguments.from}, {"to", arguments.to}, {"tensors", converted.size()}};
  if (weights.others != nullptr && converted.others == nullptr) report["left_out"] = keys_of(*weights.others);
  return report;
}

}  // namespace ebb::apps
