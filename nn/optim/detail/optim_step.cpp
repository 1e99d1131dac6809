#include "ebb/nn/optim/detail/optim_step.h"

#include <array>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/view.h"

namespace ebb::optim {

void optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                const kernels::OptimStep& step) {
  const OpScope op("optim_step", Site{});
  const NoGradGuard no_grad;
  const bool fits = gradient.shape() == p.shape() && gradient.dtype() == p.dtype() && gradient.device() == p.device();
  check(fits, "a parameter of shape ", p.shape(), ", ", p.dtype(), " on ", p.device(), " has a gradient of shape ",
        gradient.shape(), ", ", gradient.dtype(), " on ", gradient.device());
  const Strides strides = elementwise_strides(p);
  const Tensor g = with_strides(gradient.detach(), strides);
  std::array<Tensor, kernels::max_optim_states> dense;
  std::size_t count = 0;
  for (Tensor* state : states) {
    *state = state->defined() ? with_strides(*state, strides) : zeros_like(p.detach());
    dense[count++] = *state;
  }
  autograd::begin_write(p);
  Tensor moved = with_strides(p.detach(), strides);
  on_device(p.device(),
            [&](auto& context) { kernels::optim_step(context, step, moved, g, std::span(dense).first(count)); });
  if (p.strides() != strides) p.detach().copy_(moved);
  autograd::end_write(p);
}

}  // namespace ebb::optim
