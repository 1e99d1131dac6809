#include "ebb/nn/module.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ebb/autograd/grad_mode.h"
#include "ebb/nn/layer.h"

namespace ebb::nn {

Slot::Slot(std::string name) : name_(std::move(name)) {}
Slot::Slot(const Slot&) = default;
Slot::Slot(Slot&&) noexcept = default;
Slot::~Slot() = default;

Module* Slot::child() { return nullptr; }
Tensor* Slot::parameter() { return nullptr; }
Tensor* Slot::buffer() { return nullptr; }
bool Slot::is_persistent() const { return true; }
SharedLayer Slot::share() const { fail("\"", name_, "\" is a tensor: only a child can be shared as a layer"); }

void check_name(const std::string& name) {
  check(!name.empty() && name.find('.') == std::string::npos,
        "the name of a member, or of a container's entry, must not be empty or contain a \".\", which separates the "
        "names of a path; got \"",
        name, "\"");
}

Module::Module() = default;
Module::Module(const Module&) = default;
Module::~Module() = default;

void Module::add_slot(const Slot* slot) {
  const std::string& name = slot->name();
  check_name(name);
  each_slot([&](const Slot& other) { check(other.name() != name, "two members are named \"", name, "\""); });
  slots_.push_back(reinterpret_cast<const char*>(slot) - reinterpret_cast<const char*>(this));
}

void Module::each_slot(const std::function<void(Slot&)>& visit) const {
  auto* self = reinterpret_cast<char*>(const_cast<Module*>(this));
  for (const std::ptrdiff_t offset : slots_) visit(*reinterpret_cast<Slot*>(self + offset));
}

namespace {

std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

using Seen = std::unordered_set<const void*>;

/// `seen`: null where a module may be listed more than once.
void collect_modules(Module& module, const std::string& path, Seen* seen, Module::NamedModules& found) {
  if (seen != nullptr && !seen->insert(&module).second) return;
  found.emplace_back(path, &module);
  module.each_slot([&](Slot& slot) {
    if (Module* child = slot.child()) collect_modules(*child, joined(path, slot.name()), seen, found);
  });
}

/// Tensors that `choose` takes from the slots of the module, or of the whole tree.
template <class Choose>
Module::NamedTensors collect_tensors(const Module& root, const std::string& prefix, bool recurse, bool remove_duplicate,
                                     Choose&& choose) {
  auto& top = const_cast<Module&>(root);
  Module::NamedModules modules{{prefix, &top}};
  if (recurse) modules = top.named_modules(prefix, remove_duplicate);
  Module::NamedTensors found;
  Seen seen;
  for (const auto& [path, owner] : modules) {
    owner->each_slot([&, &at = path](Slot& slot) {
      const Tensor* tensor = choose(slot);
      if (tensor == nullptr || !tensor->defined()) return;
      const bool is_new = seen.insert(&tensor->body()).second;
      if (is_new || !remove_duplicate) found.emplace_back(joined(at, slot.name()), *tensor);
    });
  }
  return found;
}

std::vector<Tensor> without_names(const Module::NamedTensors& named) {
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : named) tensors.push_back(tensor);
  return tensors;
}

std::vector<Module*> without_names(const Module::NamedModules& named) {
  std::vector<Module*> modules;
  for (const auto& [name, module] : named) modules.push_back(module);
  return modules;
}

/// Puts `converted` in the place of a tensor, for all who hold it, and its gradient likewise.
template <class Convert>
void replace(const Tensor& tensor, Convert&& convert) {
  const NoGradGuard no_grad;
  const Tensor gradient = tensor.grad();
  tensor.set_data(convert(tensor));
  if (gradient.defined()) tensor.set_grad(convert(gradient));
}

}  // namespace

Module::NamedTensors Module::named_parameters(const std::string& prefix, bool recurse, bool remove_duplicate) const {
  return collect_tensors(*this, prefix, recurse, remove_duplicate, [](Slot& slot) { return slot.parameter(); });
}

Module::NamedTensors Module::named_buffers(const std::string& prefix, bool recurse, bool remove_duplicate) const {
  return collect_tensors(*this, prefix, recurse, remove_duplicate, [](Slot& slot) { return slot.buffer(); });
}

Module::NamedModules Module::named_modules(const std::string& prefix, bool remove_duplicate) {
  NamedModules found;
  Seen seen;
  collect_modules(*this, prefix, remove_duplicate ? &seen : nullptr, found);
  return found;
}

Module::NamedModules Module::named_children() {
  NamedModules found;
  Seen seen;
  each_slot([&](Slot& slot) {
    Module* child = slot.child();
    if (child != nullptr && seen.insert(child).second) found.emplace_back(slot.name(), child);
  });
  return found;
}

std::int64_t Module::parameter_count(bool trainable_only) const {
  std::int64_t count = 0;
  for (const Tensor& parameter : parameters()) {
    if (parameter.requires_grad() || !trainable_only) count += parameter.numel();
  }
  return count;
}

std::vector<Tensor> Module::parameters(bool recurse) const { return without_names(named_parameters("", recurse)); }
std::vector<Tensor> Module::buffers(bool recurse) const { return without_names(named_buffers("", recurse)); }
std::vector<Module*> Module::modules() { return without_names(named_modules()); }
std::vector<Module*> Module::children() { return without_names(named_children()); }

Module& Module::get_submodule(const std::string& path) {
  Module* at = this;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    Module* next = nullptr;
    std::string names;
    at->each_slot([&](Slot& slot) {
      if (slot.child() == nullptr) return;
      if (slot.name() == name) next = slot.child();
      names += (names.empty() ? "" : ", ") + slot.name();
    });
    check(next != nullptr, "no module at \"", path, "\": ", at->kind(), " has no child \"", name, "\", only [", names,
          "]");
    at = next;
    begin = end + 1;
  }
  return *at;
}

static Tensor tensor_at(const Module::NamedTensors& named, const std::string& path, const char* what) {
  const auto found = std::ranges::find(named, path, &std::pair<std::string, Tensor>::first);
  std::string names;
  for (const auto& [name, tensor] : named) names += (names.empty() ? "" : ", ") + name;
  check(found != named.end(), "no ", what, " at \"", path, "\", only [", names, "]");
  return found->second;
}

Tensor Module::get_parameter(const std::string& path) const {
  return tensor_at(named_parameters("", true, false), path, "parameter");
}

Tensor Module::get_buffer(const std::string& path) const {
  return tensor_at(named_buffers("", true, false), path, "buffer");
}

Module& Module::train(bool on) {
  for (Module* module : modules()) module->is_training_ = on;
  return *this;
}

Module& Module::to(Device device) {
  const auto convert = [device](const Tensor& t) { return t.to(device); };
  for (const Tensor& tensor : parameters()) replace(tensor, convert);
  for (const Tensor& tensor : buffers()) replace(tensor, convert);
  return *this;
}

Module& Module::to(DType dtype) {
  check(is_floating(dtype), "a module's parameters must be floating, not ", dtype);
  const auto convert = [dtype](const Tensor& t) { return is_floating(t.dtype()) ? t.to(dtype) : t; };
  for (const Tensor& tensor : parameters()) replace(tensor, convert);
  for (const Tensor& tensor : buffers()) replace(tensor, convert);
  return *this;
}

Module& Module::apply(const std::function<void(Module&)>& f) {
  for (Module* child : children()) child->apply(f);
  f(*this);
  return *this;
}

Module& Module::requires_grad_(bool requires_grad) {
  for (const Tensor& parameter : parameters()) parameter.requires_grad_(requires_grad);
  return *this;
}

void Module::zero_grad() {
  for (const Tensor& parameter : parameters()) {
    if (parameter.requires_grad()) parameter.set_grad({});
  }
}

using Holders = std::unordered_map<const void*, Slot*>;

/// `first` maps what the original holds to the slot of the copy that holds its copy.
static void restore_ties(const Module& original, Module& copy, Holders& first) {
  std::vector<Slot*> from, to;
  original.each_slot([&](Slot& slot) { from.push_back(&slot); });
  copy.each_slot([&](Slot& slot) { to.push_back(&slot); });
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Module* child = from[i]->child();
    const Tensor* tensor = from[i]->parameter() != nullptr ? from[i]->parameter() : from[i]->buffer();
    const bool is_empty = child == nullptr && (tensor == nullptr || !tensor->defined());
    if (is_empty) continue;
    const void* held = child != nullptr ? static_cast<const void*>(child) : &tensor->body();
    const auto [holder, is_first] = first.try_emplace(held, to[i]);
    if (!is_first) {
      to[i]->tie(*holder->second);
    } else if (child != nullptr) {
      restore_ties(*child, *to[i]->child(), first);
    }
  }
}

void restore_ties(const Module& original, Module& copy) {
  Holders first;
  restore_ties(original, copy, first);
}

}  // namespace ebb::nn
