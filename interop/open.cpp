#include "ebb/interop/open.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "ebb/interop/whole_model.h"
#include "ebb/io/bytes/as_file_error.h"
#include "ebb/io/load_any.h"
#include "ebb/io/opaque.h"
#include "ebb/io/system/in_file.h"

namespace ebb::interop {
namespace {

/// A network is made as large as the shapes say: a few bytes that many tensors show, or show over and over, must not
/// ask for more memory than the file has.
void check_is_backed(const StateDict& weights) {
  std::unordered_set<const Storage*> storages;
  double shown = 0, held = 0;
  for (const auto& [name, tensor] : weights) {
    shown += static_cast<double>(tensor.numel()) * static_cast<double>(size_of(tensor.dtype()));
    if (storages.insert(&tensor.storage()).second) held += static_cast<double>(tensor.storage().bytes());
  }
  check(shown <= 2 * held + 1024, "the tensors show ", shown, " bytes, of which the file holds ", held,
        ": no weights that a model was trained to");
}

/// Whether a tensor that the module does not have may be left out: the count of an average, a metric's counters. What
/// could be a weight of a network that is not quite this one may not.
bool is_counter(const std::string& name, const Tensor& tensor, const StateDict& module) {
  const auto top_of = [](const std::string& path) { return path.substr(0, path.find('.')); };
  const auto is_of_module = [&](const auto& entry) { return top_of(entry.first) == top_of(name); };
  const bool counts = tensor.numel() == 1 || (!is_floating(tensor.dtype()) && !is_complex(tensor.dtype()));
  return counts && std::ranges::none_of(module, is_of_module);
}

/// The weights without counters, whose names go to `unused`.
StateDict without_counters(const StateDict& weights, const nn::Module& module, const std::string& prefix,
                           std::vector<std::string>& unused) {
  const StateDict wanted = module.state_dict();
  StateDict kept;
  kept.versions = weights.versions;
  for (const auto& [name, tensor] : weights) {
    const std::string own = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    if (is_counter(own, tensor, wanted)) {
      unused.push_back(name);
    } else {
      kept.set(name, tensor);
    }
  }
  return kept;
}

Opened make_opened(const StateDict& weights) {
  check_is_backed(weights);
  Opened opened{.model = models::recognise(weights), .net = {}, .unused = {}};
  opened.net = models::make(opened.model);
  nn::Module& module = opened.net.module();
  module.plan_load(without_counters(weights, module, opened.model.prefix, opened.unused)).apply();
  module.eval();
  return opened;
}

}  // namespace

StateDict find_weights(const Value& file) {
  constexpr std::array names{"model",  "state_dict", "model_state_dict", "model_state", "net",           "weights",
                             "module", "model_ema",  "state_dict_ema",   "ema",         "ema_state_dict"};
  for (const char* name : names) {
    const Value* inside = file.is_dict() ? file.find(name) : nullptr;
    if (inside != nullptr && (inside->is_dict() || is_whole_model(*inside))) return find_weights(*inside);
  }
  return io::state_dict_of(file);
}

Opened open(const std::string& path, Site site) {
  return io::in_file("open", path, site, [&] {
    const Value file = io::load_any(path, {.allow_opaque = true});
    return io::as_file_error([&] { return make_opened(find_weights(file)); });
  });
}

}  // namespace ebb::interop
