// Modules to state dicts and back, with PyTorch's keys, order, versions and messages.
#include "ebb/autograd/grad_mode.h"
#include "ebb/nn/module.h"

namespace ebb::nn {

// Parameters come before buffers, children last: PyTorch's order, whatever the order of declaration.
void Module::collect_state(StateDict& dict, const std::string& prefix) const {
  dict.versions.emplace_back(prefix.empty() ? prefix : prefix.substr(0, prefix.size() - 1), version());
  const auto put = [&](const Slot& slot, const Tensor* tensor) {
    if (tensor != nullptr && tensor->defined()) dict.set(prefix + slot.name(), tensor->detach());
  };
  each_slot([&](Slot& slot) { put(slot, slot.parameter()); });
  each_slot([&](Slot& slot) {
    if (slot.is_persistent()) put(slot, slot.buffer());
  });
  each_slot([&](Slot& slot) {
    if (const Module* child = slot.child()) child->collect_state(dict, prefix + slot.name() + ".");
  });
}

StateDict Module::state_dict(const std::string& prefix) const {
  StateDict dict;
  collect_state(dict, prefix);
  return dict;
}

void Module::upgrade_all(StateDict& dict, const std::string& prefix) const {
  const std::string path = prefix.empty() ? prefix : prefix.substr(0, prefix.size() - 1);
  std::int64_t found = -1;
  for (const auto& [module, number] : dict.versions) found = module == path ? number : found;
  upgrade(dict, prefix, found);
  each_slot([&](Slot& slot) {
    if (const Module* child = slot.child()) child->upgrade_all(dict, prefix + slot.name() + ".");
  });
}

namespace {

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : ", \"") + name + "\"";
  return text;
}

std::string torch_size(const Shape& shape) { return "torch.Size(" + to_string(shape) + ")"; }

/// A scalar takes a tensor of one element, as in PyTorch (files before 0.4 have no scalars).
bool fits(const Tensor& from, const Tensor& to) {
  return from.shape() == to.shape() || (to.dim() == 0 && from.shape() == Shape{1});
}

std::string hint_for(const std::vector<std::string>& unexpected) {
  for (const std::string& name : unexpected) {
    if (!name.starts_with("module.")) return "";
  }
  return unexpected.empty()
             ? ""
             : "\n\tEvery unexpected key begins with \"module.\": the model was saved from DataParallel.";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const LoadStateDictResult& result) {
  if (result.missing_keys.empty() && result.unexpected_keys.empty()) return out << "<All keys matched successfully>";
  return out << "missing keys: [" << quoted(result.missing_keys) << "], unexpected keys: ["
             << quoted(result.unexpected_keys) << "]";
}

LoadStateDictResult Module::load_state_dict(const StateDict& given, LoadStateDictOptions options) {
  StateDict dict = given;
  upgrade_all(dict, "");
  const StateDict own = state_dict();
  LoadStateDictResult result;
  std::string problems;
  for (const auto& [name, to] : own) {
    const Tensor* from = dict.find(name);
    if (from == nullptr) {
      result.missing_keys.push_back(name);
    } else if (!fits(*from, to)) {
      problems += "\n\tsize mismatch for " + name + ": copying a param with shape " + torch_size(from->shape()) +
                  " from checkpoint, the shape in current model is " + torch_size(to.shape()) + ".";
    }
  }
  for (const auto& [name, from] : dict) {
    if (!own.contains(name)) result.unexpected_keys.push_back(name);
  }
  if (options.strict && !result.unexpected_keys.empty()) {
    problems = "\n\tUnexpected key(s) in state_dict: " + quoted(result.unexpected_keys) + ". " +
               hint_for(result.unexpected_keys) + problems;
  }
  if (options.strict && !result.missing_keys.empty()) {
    problems = "\n\tMissing key(s) in state_dict: " + quoted(result.missing_keys) + ". " + problems;
  }
  check(problems.empty(), "Error(s) in loading state_dict for ", kind(), ":", problems);
  const NoGradGuard no_grad;
  for (const auto& [name, to] : own) {
    const Tensor* from = dict.find(name);
    if (from != nullptr) to.copy_(from->reshape(to.shape()).to(to.device()));
  }
  return result;
}

}  // namespace ebb::nn
