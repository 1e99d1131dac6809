#include "ebb/core/value/state_dict.h"

namespace ebb {

StateDict::StateDict(std::initializer_list<Entry> entries) {
  for (const auto& [name, tensor] : entries) set(name, tensor);
}

void StateDict::set(const std::string& name, const Tensor& tensor) {
  const auto [place, is_new] = places_.try_emplace(name, entries_.size());
  if (is_new) {
    entries_.emplace_back(name, tensor);
  } else {
    entries_[place->second].second = tensor;
  }
}

const Tensor* StateDict::find(std::string_view name) const {
  const auto place = places_.find(std::string(name));
  return place == places_.end() ? nullptr : &entries_[place->second].second;
}

const Tensor& StateDict::at(std::string_view name) const {
  const Tensor* tensor = find(name);
  check(tensor != nullptr, "no tensor is named \"", name, "\" among the ", size(), " of the state dict");
  return *tensor;
}

}  // namespace ebb
