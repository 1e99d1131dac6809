#include "ebb/nn/optim/detail/optim_step.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <utility>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/view.h"
#include "ebb/core/cuda/capture.h"

namespace ebb::optim {

namespace {

/// Calls `kernel(context, parameter, gradient, states)` with tensors that lie alike, without gaps.
template <class Kernel>
void move(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states, Kernel&& kernel) {
  const NoGradGuard no_grad;
  const bool fits = gradient.shape() == p.shape() && gradient.dtype() == p.dtype() && gradient.device() == p.device();
  check(fits, "a parameter of shape ", p.shape(), ", ", p.dtype(), " on ", p.device(), " has a gradient of shape ",
        gradient.shape(), ", ", gradient.dtype(), " on ", gradient.device());
  const Strides strides = elementwise_strides(p);
  const Tensor g = with_strides(gradient.detach(), strides);
  std::array<Tensor, kernels::max_optim_states> dense;
  std::size_t count = 0;
  for (Tensor* state : states) {
    // A state made before its parameter went to another device goes after it.
    *state = state->defined() ? with_strides(state->to(p.device()), strides) : zeros_like(p.detach());
    dense[count++] = *state;
  }
  autograd::begin_write(p);
  Tensor moved = with_strides(p.detach(), strides);
  on_device(p.device(), [&](auto& context) { kernel(context, moved, g, std::span(dense).first(count)); });
  if (p.strides() != strides) p.detach().copy_(moved);
  autograd::end_write(p);
}

}  // namespace

void optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                const kernels::OptimStep& step) {
  const OpScope op("optim_step", Site{});
  move(p, gradient, states, [&](auto& context, Tensor& moved, const Tensor& g, std::span<Tensor> dense) {
    kernels::optim_step(context, step, moved, g, dense);
  });
}

bool is_captured(const Tensor& p) {
  if constexpr (built_with_cuda) return current_capture() != nullptr && p.device() == current_capture()->device();
  return false;
}

void captured_optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                         const kernels::OptimStep& like, std::function<kernels::OptimStep()> next) {
  const OpScope op("optim_step", Site{});
  const bool has_states = std::ranges::all_of(
      states, [&](const Tensor* state) { return state->defined() && state->device() == p.device(); });
  check(has_states,
        "an optimizer makes its states, or brings them to the GPU, in its first step, which cannot be captured; call "
        "step() once before");
  move(p, gradient, states,
       [&]<class Context>(Context& context, Tensor& moved, const Tensor& g, std::span<Tensor> dense) {
         if constexpr (std::same_as<Context, CudaContext>) {
           kernels::optim_step_in_graph(context, *current_capture(), like, std::move(next), moved, g, dense);
         }
       });
}

}  // namespace ebb::optim
