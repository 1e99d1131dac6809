#include "ebb/core/value/value.h"

namespace ebb {

Value::Value(const StateDict& tensors) : Value(ordered_dict()) {
  for (const auto& [name, tensor] : tensors) set(name, tensor);
  if (tensors.versions.empty()) return;
  Value metadata = ordered_dict();
  for (const auto& [path, version] : tensors.versions) {
    Value module = dict();
    module.set("version", version);
    metadata.set(path, module);
  }
  Value attributes = dict();
  attributes.set("_metadata", metadata);
  as_dict().adopt(attributes);
  as_dict().attributes = attributes;
}

static void read_versions(const Value& attributes, StateDict& tensors) {
  const Value* metadata = attributes.is_dict() ? attributes.find("_metadata") : nullptr;
  if (metadata == nullptr || !metadata->is_dict()) return;
  for (const auto& [path, module] : metadata->as_dict().entries) {
    const Value* version = path.is_text() && module.is_dict() ? module.find("version") : nullptr;
    if (version != nullptr && version->kind() == Value::Kind::integer) {
      tensors.versions.emplace_back(path.as_text(), version->as_int());
    }
  }
}

static std::string names_of(const Dict& dict) {
  std::string names;
  for (std::size_t i = 0; i < dict.entries.size() && i < 8; ++i) {
    const Value& key = dict.entries[i].first;
    names += (i > 0 ? ", " : "") + (key.is_text() ? "\"" + key.as_text() + "\"" : std::string(key.kind_name()));
  }
  return names + (dict.entries.size() > 8 ? ", ..." : "");
}

StateDict Value::as_state_dict() const {
  check(is_dict(), "a state dict is a dict of tensors by name, got ", kind_name());
  StateDict tensors;
  for (const auto& [key, value] : as_dict().entries) {
    if (!key.is_text() || !value.is_tensor()) {
      const std::string name = key.is_text() ? "\"" + key.as_text() + "\"" : key.kind_name();
      fail("a state dict is a dict of tensors by name, but key ", name, " has ", value.kind_name(),
           "; a checkpoint that holds more than a state dict is read with io::load_value (keys here: ",
           names_of(as_dict()), ")");
    }
    const Tensor& tensor = value.as_tensor();
    tensors.set(key.as_text(), tensor.requires_grad() ? tensor.detach() : tensor);
  }
  read_versions(as_dict().attributes, tensors);
  return tensors;
}

}  // namespace ebb
