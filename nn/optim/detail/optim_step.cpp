#include "ebb/nn/optim/detail/optim_step.h"

#include <concepts>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/view.h"
#include "ebb/core/cuda/capture.h"

namespace ebb::optim {

void Update::check_gradient() const {
  const OpScope op("optim_step", Site{});
  const Tensor &p = parameter, &g = gradient;
  const bool fits = g.shape() == p.shape() && g.dtype() == p.dtype() && g.device() == p.device();
  check(fits, "a parameter of shape ", p.shape(), ", ", p.dtype(), " on ", p.device(), " has a gradient of shape ",
        g.shape(), ", ", g.dtype(), " on ", g.device());
}

bool Update::is_captured() const {
  if constexpr (built_with_cuda) {
    if (current_capture() == nullptr || parameter.device() != current_capture()->device()) return false;
    const OpScope op("optim_step", Site{});
    for (const Tensor* state : states) {
      check(state == nullptr || (state->defined() && state->device() == parameter.device()),
            "an optimizer makes its states, or brings them to the GPU, in its first step, which cannot be "
            "captured; call step() once before");
    }
    return true;
  }
  return false;
}

bool Update::goes_with(const Update& other) const {
  return group == other.group && parameter.dtype() == other.parameter.dtype() &&
         parameter.device() == other.parameter.device() && step == other.step;
}

namespace {

/// Tensors that lie alike, without gaps.
kernels::OptimTarget target_of(const Update& update) {
  const Tensor& p = update.parameter;
  const Strides strides = elementwise_strides(p);
  kernels::OptimTarget target{with_strides(p.detach(), strides), with_strides(update.gradient.detach(), strides), {}};
  for (std::size_t k = 0; k < update.states.size() && update.states[k] != nullptr; ++k) {
    Tensor& state = *update.states[k];
    // One made before its parameter went to another device goes after it.
    state = state.defined() ? with_strides(state.to(p.device()), strides) : zeros_like(p.detach());
    target.states[k] = state;
  }
  return target;
}

/// Calls `kernel(context, targets)`.
template <class Kernel>
void move(std::span<Update> updates, Kernel&& kernel) {
  const OpScope op("optim_step", Site{});
  const NoGradGuard no_grad;
  std::vector<kernels::OptimTarget> targets;
  targets.reserve(updates.size());
  for (const Update& update : updates) {
    targets.push_back(target_of(update));
    autograd::begin_write(update.parameter);
  }
  on_device(updates[0].parameter.device(), [&](auto& context) { kernel(context, std::span(targets)); });
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const Tensor& p = updates[i].parameter;
    if (p.strides() != targets[i].p.strides()) p.detach().copy_(targets[i].p);
    autograd::end_write(p);
  }
}

}  // namespace

void take(std::span<Update> updates) {
  move(updates, [&](auto& context, std::span<kernels::OptimTarget> targets) {
    kernels::optim_step(context, updates[0].step, targets);
  });
}

void capture(std::span<Update> updates, std::function<kernels::OptimStep()> next) {
  move(updates, [&]<class Context>(Context& context, std::span<kernels::OptimTarget> targets) {
    if constexpr (std::same_as<Context, CudaContext>) {
      kernels::optim_step_in_graph(context, *current_capture(), updates[0].step, std::move(next), targets);
    }
  });
}

}  // namespace ebb::optim
