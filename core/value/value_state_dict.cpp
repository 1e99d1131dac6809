#include <algorithm>

#include "ebb/core/value/value.h"

namespace ebb {

static constexpr const char* notes_name = "_ebb_notes";

static Value metadata_of(const StateDict& tensors) {
  Value metadata = Value::ordered_dict();
  for (const auto& [path, version] : tensors.versions) {
    Value module = Value::dict();
    module.set("version", version);
    metadata.set(path, module);
  }
  return metadata;
}

Value::Value(const StateDict& tensors) : Value(ordered_dict()) {
  for (const auto& [name, tensor] : tensors) set(name, tensor);
  if (tensors.others != nullptr) {
    for (const auto& [key, value] : tensors.others->entries) set(key, value);
  }
  if (tensors.versions.empty() && tensors.notes == nullptr) return;
  Value attributes = dict();
  if (!tensors.versions.empty()) attributes.set("_metadata", metadata_of(tensors));
  if (tensors.notes != nullptr) {
    Value notes = dict();
    for (const auto& [key, value] : tensors.notes->entries) notes.set(key, value);
    attributes.set(notes_name, notes);
  }
  as_dict().adopt(attributes);
  as_dict().attributes = attributes;
}

static std::shared_ptr<const Dict> read_notes(const Value& attributes) {
  const Value* notes = attributes.is_dict() ? attributes.find(notes_name) : nullptr;
  return notes != nullptr && notes->is_dict() ? std::make_shared<const Dict>(notes->as_dict()) : nullptr;
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

static bool holds_tensors(const Value& value) {
  return value.is_dict() && std::ranges::any_of(value.as_dict().entries, [](const auto& entry) {
           return entry.first.is_text() && entry.second.is_tensor();
         });
}

/// A dict without a tensor is no state dict, nor is one beside whose tensors are state dicts.
static void check_is_state_dict(const Dict& dict) {
  const auto is_tensor = [](const auto& entry) { return entry.first.is_text() && entry.second.is_tensor(); };
  const auto is_part = [](const auto& entry) { return holds_tensors(entry.second); };
  const auto part = std::ranges::find_if(dict.entries, is_part);
  if (part == dict.entries.end() && (dict.entries.empty() || std::ranges::any_of(dict.entries, is_tensor))) return;
  const bool has_part = part != dict.entries.end();
  fail("a state dict is a dict of tensors by name; this one has ",
       has_part ? "tensors under keys of their own" : "no tensors", " (keys: ", names_of(dict),
       "). Read a checkpoint with io::load_value and take what you want, as in value[",
       has_part && part->first.is_text() ? "\"" + part->first.as_text() + "\"" : "key",
       "]; ebb's commands take --only KEY");
}

StateDict Value::as_state_dict() const {
  check(is_dict(), "a state dict is a dict of tensors by name, got ", kind_name());
  check_is_state_dict(as_dict());
  StateDict tensors;
  std::shared_ptr<Dict> others;
  for (const auto& [key, value] : as_dict().entries) {
    if (key.is_text() && value.is_tensor()) {
      const Tensor& tensor = value.as_tensor();
      tensors.set(key.as_text(), tensor.requires_grad() ? tensor.detach() : tensor);
    } else {
      if (others == nullptr) others = std::make_shared<Dict>();
      others->set(key, value);
    }
  }
  tensors.others = others;
  read_versions(as_dict().attributes, tensors);
  tensors.notes = read_notes(as_dict().attributes);
  return tensors;
}

}  // namespace ebb
