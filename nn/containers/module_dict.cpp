#include "ebb/nn/containers/module_dict.h"

namespace ebb::nn {

bool ModuleDict::contains(const std::string& name) const {
  return std::ranges::find(entries_, name, &Slot::name) != entries_.end();
}

std::vector<std::string> ModuleDict::keys() const {
  std::vector<std::string> keys;
  for (const Entry& entry : entries_) keys.push_back(entry.name());
  return keys;
}

void ModuleDict::set(const std::string& name, Layer layer) {
  if (Entry* entry = entries_.find(name)) {
    *entry = std::move(layer);
  } else {
    entries_.append(name, std::move(layer));
  }
}

void ModuleDict::update(std::initializer_list<Named> layers) {
  for (const Named& entry : layers) set(entry.name, entry.layer);
}

void ModuleDict::update(ModuleDict layers) {
  for (const Entry& entry : layers) set(entry.name(), entry.share());
}

}  // namespace ebb::nn
