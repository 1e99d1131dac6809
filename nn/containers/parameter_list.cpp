#include "ebb/nn/containers/parameter_list.h"

namespace ebb::nn {

ParameterContainer::ParameterContainer() = default;
ParameterContainer::ParameterContainer(const ParameterContainer&) = default;
ParameterContainer::ParameterContainer(ParameterContainer&&) = default;
ParameterContainer::~ParameterContainer() = default;

void ParameterContainer::each_slot(const std::function<void(Slot&)>& visit) const {
  Module::each_slot(visit);
  entries_.visit(visit);
}

std::string ParameterContainer::extra_repr() const {
  std::string text;
  for (const Parameter& entry : entries_) {
    std::string size;
    for (const std::int64_t n : entry->shape()) size += (size.empty() ? "" : "x") + std::to_string(n);
    text += std::string(text.empty() ? "" : "\n") + "  (" + entry.name() + "): Parameter containing: [torch." +
            to_string(entry->dtype()) + " of size " + size +
            (entry->device() == kCPU ? "" : " (" + to_string(entry->device()) + ")") + "]";
  }
  return text;
}

Parameter& ParameterList::operator[](std::int64_t index) { return entries_.at(index); }

void ParameterList::append(const Tensor& tensor) { entries_.append(std::to_string(size()), tensor); }

void ParameterList::extend(const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) append(tensor);
}

Tensor ParameterList::pop(std::int64_t index) {
  const Tensor taken = entries_.take(index);
  entries_.number_all();
  return taken;
}

ParameterDict::ParameterDict(const std::vector<std::pair<std::string, Tensor>>& tensors) {
  for (const auto& [name, tensor] : tensors) set(name, tensor);
}

Parameter& ParameterDict::operator[](const std::string& name) { return entries_.at(name); }
Tensor ParameterDict::pop(const std::string& name) { return entries_.take(name); }
bool ParameterDict::contains(const std::string& name) const { return entries_.contains(name); }

std::vector<std::string> ParameterDict::keys() const {
  std::vector<std::string> keys;
  for (const Parameter& entry : entries_) keys.push_back(entry.name());
  return keys;
}

void ParameterDict::set(const std::string& name, const Tensor& tensor) {
  if (Parameter* entry = entries_.find(name)) {
    *entry = tensor;
  } else {
    entries_.append(name, tensor);
  }
}

}  // namespace ebb::nn
