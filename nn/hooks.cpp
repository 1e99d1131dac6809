#include "ebb/nn/hooks.h"

#include "ebb/autograd/engine/pass.h"
#include "ebb/autograd/gate.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/nn/call.h"

namespace ebb::nn {

bool Hooks::empty() const { return forward_pre.empty() && forward.empty() && backward_pre.empty() && backward.empty(); }

void Hooks::remove(std::uint64_t id) {
  const auto from = [id](auto& list) { std::erase_if(list, [id](const auto& entry) { return entry.first == id; }); };
  from(forward_pre);
  from(forward);
  from(backward_pre);
  from(backward);
}

void HookHandle::remove() {
  if (const auto hooks = hooks_.lock()) hooks->remove(id_);
}

HookSlot::HookSlot() = default;
HookSlot::HookSlot(const HookSlot& other) : hooks_(other.hooks_ ? std::make_shared<Hooks>(*other.hooks_) : nullptr) {}
HookSlot::~HookSlot() = default;

template <class F>
HookHandle HookSlot::add(Hooks::List<F> Hooks::*list, F hook) {
  if (!hooks_) hooks_ = std::make_shared<Hooks>();
  (hooks_.get()->*list).emplace_back(hooks_->next_id, std::move(hook));
  return {hooks_, hooks_->next_id++};
}

HookHandle Module::register_forward_pre_hook(ForwardPreHook hook) {
  return hooks_.add(&Hooks::forward_pre, std::move(hook));
}
HookHandle Module::register_forward_hook(ForwardHook hook) { return hooks_.add(&Hooks::forward, std::move(hook)); }
HookHandle Module::register_full_backward_pre_hook(BackwardPreHook hook) {
  return hooks_.add(&Hooks::backward_pre, std::move(hook));
}
HookHandle Module::register_full_backward_hook(BackwardHook hook) {
  return hooks_.add(&Hooks::backward, std::move(hook));
}

static std::uint32_t version_of(const Tensor& x) { return x.defined() ? x.storage().version() : 0; }

namespace detail {

/// The hooks of one call that wait for backward. The gradients may come after the module is gone.
struct BackwardCall {
  Module* module;
  std::weak_ptr<Hooks> alive;
  Hooks hooks;

  void enter(autograd::Pass& pass, std::span<Tensor> gradients) {
    const auto keep_alive = alive.lock();
    if (!keep_alive) return;
    for (const auto& [id, hook] : hooks.backward_pre) hook(*module, gradients);
    pass.kept_for(this).assign(gradients.begin(), gradients.end());
  }
  void leave(autograd::Pass& pass, std::span<Tensor> gradients) {
    const auto keep_alive = alive.lock();
    const std::vector<Tensor> outputs = std::exchange(pass.kept_for(this), {});
    if (!keep_alive) return;
    for (const auto& [id, hook] : hooks.backward) hook(*module, gradients, outputs);
  }
};

HookedCall::HookedCall(Module& module, std::vector<Tensor> given)
    : inputs(std::move(given)), module_(module), hooks_(*module.hooks()) {
  for (const auto& [id, hook] : hooks_.forward_pre) hook(module_, inputs);
  if (hooks_.backward.empty() && hooks_.backward_pre.empty()) return;
  backward_ = std::make_shared<BackwardCall>(BackwardCall{&module, module.hooks(), hooks_});
  if (!hooks_.backward.empty()) {
    gates_inputs_ = autograd::gate(inputs, [call = backward_](autograd::Pass& pass, std::span<Tensor> gradients) {
      call->leave(pass, gradients);
    });
  }
  for (const Tensor& input : inputs) versions_.push_back(version_of(input));
}

void HookedCall::finish(std::span<Tensor> outputs) {
  for (const auto& [id, hook] : hooks_.forward) hook(module_, inputs, outputs);
  if (!backward_) return;
  for (std::size_t i = 0; gates_inputs_ && i < inputs.size(); ++i) {
    check<GraphError>(
        version_of(inputs[i]) == versions_[i], module_.kind(),
        " has a backward hook and changed its input in place, so nobody knows the gradient of that input; "
        "make it work out of place (inplace = false), or hook another module");
  }
  const auto enter = [call = backward_, gates_inputs = gates_inputs_, count = inputs.size()](
                         autograd::Pass& pass, std::span<Tensor> gradients) {
    call->enter(pass, gradients);
    std::vector<Tensor> none(count);
    if (!gates_inputs) call->leave(pass, none);
  };
  autograd::gate(outputs, enter);
}

}  // namespace detail
}  // namespace ebb::nn
