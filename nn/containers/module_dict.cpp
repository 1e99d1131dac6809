#include "ebb/nn/containers/module_dict.h"

namespace ebb::nn {

ModuleDict::Entry& ModuleDict::operator[](const std::string& name) { return entries_.at(name); }
Layer ModuleDict::pop(const std::string& name) { return entries_.take(name).share(); }
bool ModuleDict::contains(const std::string& name) const { return entries_.contains(name); }

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
