#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "ebb/core/tensor.h"
#include "ebb/core/value/state_dict.h"
#include "ebb/nn/hooks.h"
#include "ebb/nn/loading/load_plan.h"

namespace ebb::nn {

class Module;
class SharedLayer;

/// A member that is its own registry entry: a parameter, a buffer or a child. See slots.h for the kinds.
class Slot {
 public:
  virtual ~Slot();
  virtual Module* child();
  virtual Tensor* parameter();
  virtual Tensor* buffer();
  virtual bool is_persistent() const;  ///< of a buffer: part of the state dict
  /// Holds what `other` holds, the same tensor or module, from now on.
  virtual void tie(Slot& other) = 0;
  /// The child as a layer that shares it.
  virtual SharedLayer share() const;

  const std::string& name() const { return name_; }

 protected:
  explicit Slot(std::string name);
  Slot(const Slot&);
  Slot(Slot&&) noexcept;
  Slot& operator=(const Slot&) = delete;  // assigning to a member keeps its name: each kind says what else it keeps

 private:
  template <class>
  friend class SlotList;  // numbers its slots
  std::string name_;
};

/// What the name of a slot must be: not empty, without a ".".
void check_name(const std::string& name);

struct LoadStateDictOptions {
  bool strict = true;  ///< missing and unexpected keys are errors; sizes that differ always are
};

struct LoadStateDictResult {
  std::vector<std::string> missing_keys, unexpected_keys;
};
/// "<All keys matched successfully>", or the keys.
std::ostream& operator<<(std::ostream& out, const LoadStateDictResult& result);

/// A node of the module tree. Members are declared and registered in one line, and cannot be forgotten:
///
///     struct Net : nn::Module {
///       nn::Child<nn::Linear> fc1{this, "fc1", nn::linear(784, 128)};
///       nn::Child<nn::Layer> head{this, "head", nn::linear(128, 10)};
///       Tensor operator()(const Tensor& x) const { return head(fc1(x).relu()); }
///     };
///
/// Copying a module copies its parameters and buffers: `Net copy = net;` is a deep copy, `clone(net)` one in which also
/// stays one tensor, or module, what is one in several places.
class Module {
 public:
  Module();
  /// Slots are remembered as offsets, so those of the copy are found where those of the original are.
  Module(const Module&);
  Module& operator=(const Module&) = delete;
  virtual ~Module();

  /// Called by each slot's constructor.
  void add_slot(const Slot* slot);
  /// Calls `visit` for each slot in the order of declaration, then for the entries of a container.
  virtual void each_slot(const std::function<void(Slot&)>& visit) const;

  using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
  using NamedModules = std::vector<std::pair<std::string, Module*>>;
  /// Depth first ("layer1.0.weight"); what has several names is listed under the first, unless duplicates may stay.
  NamedTensors named_parameters(const std::string& prefix = "", bool recurse = true,
                                bool remove_duplicate = true) const;
  NamedTensors named_buffers(const std::string& prefix = "", bool recurse = true, bool remove_duplicate = true) const;
  NamedModules named_modules(const std::string& prefix = "", bool remove_duplicate = true);  ///< itself first, as ""
  NamedModules named_children();                                                             ///< the direct ones
  std::vector<Tensor> parameters(bool recurse = true) const;
  std::vector<Tensor> buffers(bool recurse = true) const;
  std::vector<Module*> modules();
  std::vector<Module*> children();
  /// The number of elements of the parameters, each counted once.
  std::int64_t parameter_count(bool trainable_only = false) const;

  /// The module at a path: net["layer1.0"]; an Error that lists what there is where the path leads nowhere.
  Module& operator[](const std::string& path) { return get_submodule(path); }
  Module& get_submodule(const std::string& path);
  /// A parameter or buffer by its path: "layer1.0.weight".
  Tensor get_parameter(const std::string& path) const;
  Tensor get_buffer(const std::string& path) const;
  /// This module as what it is: net["conv1"].as<nn::Conv2d>().
  template <class M>
  M& as() {
    auto* module = dynamic_cast<M*>(this);
    check(module != nullptr, "the module is a ", kind(), ", not what it was asked for as");
    return *module;
  }

  Module& train(bool on = true);
  Module& eval() { return train(false); }
  bool is_training() const { return is_training_; }
  /// Moves parameters, their gradients and buffers. Optimizers keep working on them.
  Module& to(Device device);
  Module& to(DType dtype);                               ///< floating ones only
  Module& apply(const std::function<void(Module&)>& f);  ///< children first, itself last
  Module& requires_grad_(bool requires_grad = true);
  void zero_grad();

  /// Hooks run when the module is called by its parent, or by nn::call: see call.h.
  HookHandle register_forward_pre_hook(ForwardPreHook hook);
  HookHandle register_forward_hook(ForwardHook hook);
  HookHandle register_full_backward_pre_hook(BackwardPreHook hook);
  HookHandle register_full_backward_hook(BackwardHook hook);
  const std::shared_ptr<Hooks>& hooks() const { return hooks_.get(); }  ///< null where there never was one

  /// Parameters and persistent buffers, which share their elements with the module's.
  StateDict state_dict(const std::string& prefix = "") const;
  /// Copies a state dict into the module, as PyTorch does. All problems come in one Error, and then nothing is changed.
  LoadStateDictResult load_state_dict(const StateDict& dict, LoadStateDictOptions options = {});
  /// What loading the state dict would do, with a policy for each kind of mismatch. Nothing changes before apply().
  LoadPlan plan_load(const StateDict& dict, const LoadPlanOptions& options = {});

  virtual std::string kind() const;                      ///< the type's name as printed
  virtual std::string extra_repr() const { return ""; }  ///< what stands in the parentheses
  virtual bool folds_repeats() const { return false; }   ///< equal children are printed as "(0-2): 3 x ..."

 protected:
  /// Version of the module's layout in a state dict, and what mends a dict of an older one (absent: -1).
  virtual std::int64_t version() const { return 1; }
  virtual void upgrade(StateDict&, const std::string& /*prefix*/, std::int64_t /*version*/) const {}

 private:
  void collect_state(StateDict& dict, const std::string& prefix) const;
  void upgrade_all(StateDict& dict, const std::string& prefix) const;

  std::vector<std::ptrdiff_t> slots_;
  HookSlot hooks_;
  bool is_training_ = true;
};

/// As PyTorch prints a module.
std::string to_string(const Module& module);
std::ostream& operator<<(std::ostream& out, const Module& module);

/// Ties the slots of `copy` as those of the module that it is a copy of are tied.
void restore_ties(const Module& original, Module& copy);

/// A deep copy that keeps what is shared inside the module shared inside the copy.
template <std::derived_from<Module> M>
M clone(const M& module) {
  M copy(module);
  restore_ties(module, copy);
  return copy;
}

}  // namespace ebb::nn
