#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::nn {

class Module;

/// Called before a module is, with the tensors among its arguments; assigning to them replaces them.
using ForwardPreHook = std::function<void(Module&, std::span<Tensor> inputs)>;
/// Called with what a module returned, which may be assigned to.
using ForwardHook = std::function<void(Module&, std::span<const Tensor> inputs, std::span<Tensor> outputs)>;
/// Called in backward, before the gradients of a module's outputs enter it; they may be assigned to.
using BackwardPreHook = std::function<void(Module&, std::span<Tensor> grad_outputs)>;
/// Called in backward with the gradients of a module's inputs, which may be assigned to. Undefined are those of inputs
/// that want no gradient.
using BackwardHook = std::function<void(Module&, std::span<Tensor> grad_inputs, std::span<const Tensor> grad_outputs)>;

/// The hooks of one module.
struct Hooks {
  template <class F>
  using List = std::vector<std::pair<std::uint64_t, F>>;

  List<ForwardPreHook> forward_pre;
  List<ForwardHook> forward;
  List<BackwardPreHook> backward_pre;
  List<BackwardHook> backward;
  std::uint64_t next_id = 0;

  bool empty() const;
  void remove(std::uint64_t id);
};

/// Removes a hook; does nothing where the hook, or its module, is gone. A handle that is dropped leaves its hook.
class HookHandle {
 public:
  HookHandle() = default;
  HookHandle(std::weak_ptr<Hooks> hooks, std::uint64_t id) : hooks_(std::move(hooks)), id_(id) {}
  void remove();

 private:
  std::weak_ptr<Hooks> hooks_;
  std::uint64_t id_ = 0;
};

/// A hook for the length of a scope: `const nn::ScopedHook hook(net.register_forward_hook(...));`
class ScopedHook {
 public:
  explicit ScopedHook(HookHandle handle) : handle_(std::move(handle)) {}
  ScopedHook(ScopedHook&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ScopedHook& operator=(ScopedHook&&) = delete;
  ~ScopedHook() { handle_.remove(); }

 private:
  HookHandle handle_;
};

/// Where a module keeps its hooks: null until there is one. A copy of the module has them too, as hooks of its own.
class HookSlot {
 public:
  HookSlot();
  HookSlot(const HookSlot& other);
  HookSlot& operator=(const HookSlot&) = delete;
  ~HookSlot();

  const std::shared_ptr<Hooks>& get() const { return hooks_; }
  template <class F>
  HookHandle add(Hooks::List<F> Hooks::*list, F hook);

 private:
  std::shared_ptr<Hooks> hooks_;
};

}  // namespace ebb::nn
