#pragma once

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/view.h"
#include "ebb/kernels/elementwise/activation.h"

/// A function f of each element, whose kernels give f and its gradient. `curvature(x)` is f'', written with
/// differentiable ops: the gradient of the gradient needs it. Not installed.
namespace ebb::ops {

using autograd::Saved;
using autograd::wrt;

Tensor compute(const kernels::ActivationOp& f, const Tensor& x);
Tensor compute(const kernels::ActivationOp& f, const Tensor& dy, const Tensor& x);
/// x = f(x)
void write(const kernels::ActivationOp& f, const Tensor& x);

/// dy but where y <= 0; its own gradient is itself.
Tensor relu_backward(const Tensor& dy, const Tensor& y);

/// The curvature of what consists of straight lines.
inline Tensor flat(const Tensor& x) { return zeros_like(x); }

/// dy f'(x)
template <class Curvature>
Tensor activation_backward(const kernels::ActivationOp& f, const Tensor& dy, const Tensor& x, Curvature curvature) {
  const OpScope op("activation_backward", Site{});
  return autograd::record(
      compute(f, dy, x),
      wrt(dy, [f, x = Saved(x), curvature](const Tensor& ddx) { return activation_backward(f, ddx, x, curvature); }),
      wrt(x, [dy = Saved(dy), x = Saved(x), curvature](const Tensor& ddx) { return ddx * dy * curvature(x); }));
}

template <class Curvature>
Tensor activate(const kernels::ActivationOp& f, const Tensor& x, Curvature curvature) {
  return autograd::record(compute(f, x), wrt(x, [f, x = Saved(x), curvature](const Tensor& dy) {
                            return activation_backward(f, dy, x, curvature);
                          }));
}

/// In place: the gradient needs the value that was overwritten.
template <class Curvature>
Tensor activate_(const kernels::ActivationOp& f, const Tensor& x, Curvature curvature) {
  const Tensor before = value_before(x, x);
  write(f, x);
  return autograd::record_in_place(x, wrt(x, [f, before = Saved(before), curvature](const Tensor& dy) {
                                     return activation_backward(f, dy, before, curvature);
                                   }));
}

}  // namespace ebb::ops
