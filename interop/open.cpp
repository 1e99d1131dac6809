#include "ebb/interop/open.h"

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

Opened make_opened(const StateDict& weights) {
  check_is_backed(weights);
  Opened opened{.model = models::recognise(weights), .net = {}};
  opened.net = models::make(opened.model);
  nn::Module& module = opened.net.module();
  module.plan_load(weights).apply();
  module.eval();
  return opened;
}

}  // namespace

StateDict find_weights(const Value& file) {
  constexpr std::array names{"model", "state_dict", "model_state_dict", "net", "weights"};
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
