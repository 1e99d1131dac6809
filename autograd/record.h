#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <utility>

#include "ebb/autograd/engine/closure_node.h"
#include "ebb/autograd/grad_mode.h"

namespace ebb::autograd {

/// One input of an op, and d(loss)/d(input) as a function of d(loss)/d(output): "with respect to".
template <class Vjp>
struct Wrt {
  const Tensor& input;
  Vjp vjp;
};

/// `vjp(dy)`, or `vjp(dy, y)` where the gradient is written in terms of the op's own output. Inputs that the gradient
/// needs are captured as Saved; the output must come as the parameter (capturing it would make a cycle).
template <class Vjp>
Wrt<Vjp> wrt(const Tensor& input, Vjp vjp) {
  return {input, std::move(vjp)};
}

namespace detail {
bool should_record(const Tensor& y, std::span<const Tensor> inputs);
}  // namespace detail

/// Links the op's output `y` to the inputs that want a gradient; the op's name and line come from its OpScope.
///
///     return record(y, wrt(a, [b = Saved(b)](const Tensor& dy) { return dy * b; }),
///                      wrt(b, [a = Saved(a)](const Tensor& dy) { return dy * a; }));
template <class... Vjp>
Tensor record(Tensor y, Wrt<Vjp>... terms) {
  static_assert(!(is_joint<Vjp> || ...), "each returns the gradient of its own input");
  if (!is_grad_enabled() || !(wants_grad(terms.input) || ...) || !is_floating(y.dtype())) return y;
  const std::array all{Term{&terms.input, {&closure_type<Vjp>, &terms.vjp}}...};
  ClosureNode::link(y, all, bytes_of_closures<Vjp...>);
  return y;
}

/// For fused kernels and for any number of inputs: `vjp` returns a sequence with the gradient of each input, undefined
/// where there is none.
template <class Vjp>
Tensor record(Tensor y, std::span<const Tensor> inputs, Vjp vjp) {
  static_assert(is_joint<Vjp>, "returns the gradients of all inputs");
  if (detail::should_record(y, inputs)) ClosureNode::link(y, inputs, Closure{&closure_type<Vjp>, &vjp});
  return y;
}

template <class Vjp>
Tensor record(Tensor y, std::initializer_list<Tensor> inputs, Vjp vjp) {
  return record(std::move(y), std::span(inputs.begin(), inputs.size()), std::move(vjp));
}

}  // namespace ebb::autograd
