#include "ebb/autograd/ops/detail/activate.h"

#include "ebb/autograd/inference/chain.h"
#include "ebb/core/context.h"

namespace ebb::ops {

Tensor compute(const kernels::ActivationOp& f, const Tensor& x) {
  if (is_inference_mode_enabled()) {
    if (const Tensor later = autograd::put_off(x, {.function = f}); later.defined()) return later;
  }
  Tensor y = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::activation(context, f, x, y); });
  return y;
}

Tensor compute(const kernels::ActivationOp& f, const Tensor& dy, const Tensor& x) {
  Tensor dx = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::activation_backward(context, f, dy, x, dx); });
  return dx;
}

void write(const kernels::ActivationOp& f, const Tensor& x) {
  if (is_inference_mode_enabled() && autograd::put_off_in_place(x, {.function = f})) return;
  write_in_place(x, {}, [&](auto& context, Tensor& y) { kernels::activation(context, f, x, y); });
}

}  // namespace ebb::ops
