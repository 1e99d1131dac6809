// Modules to state dicts and back, with PyTorch's keys, order, versions and messages.
#include <ostream>

#include "ebb/nn/module.h"
#include "ebb/nn/repr.h"

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

std::ostream& operator<<(std::ostream& out, const LoadStateDictResult& result) {
  if (result.missing_keys.empty() && result.unexpected_keys.empty()) return out << "<All keys matched successfully>";
  return out << "missing keys: [" << quoted(result.missing_keys) << "], unexpected keys: ["
             << quoted(result.unexpected_keys) << "]";
}

LoadStateDictResult Module::load_state_dict(const StateDict& dict, LoadStateDictOptions options) {
  const Mismatch keys = options.strict ? Mismatch::refuse : Mismatch::skip;
  const LoadPlan plan = plan_load(dict, {.missing = keys, .unexpected = keys, .detect_prefix = false});
  plan.apply();
  return {plan.names(LoadPlanEntry::Kind::missing), plan.names(LoadPlanEntry::Kind::unexpected)};
}

}  // namespace ebb::nn
