#include "ebb/autograd/engine/accumulate.h"

#include <utility>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"

namespace ebb::autograd {

/// Whether nobody else can see the elements of t: of a view, not by its base either.
static bool is_sole_owner(const Tensor& t) {
  const TensorBody& body = t.body();
  const std::uint32_t of_base = body.base && body.base->use_count() == 1 ? 1 : 0;
  return body.use_count() == 1 && t.storage().use_count() == 1 + of_base;
}

void accumulate(Tensor& sum, Tensor term) {
  if (!sum.defined()) {
    sum = std::move(term);
  } else if (!is_grad_enabled() && is_sole_owner(sum) && lies_without_gaps(sum)) {
    sum.add_(term);
  } else {
    sum = sum + term;
  }
}

/// What a tensor keeps as its grad: a tensor of its own, without gaps; `gradient` itself where nobody else holds it.
static Tensor own(Tensor& gradient) {
  if (is_grad_enabled()) return std::move(gradient);
  const bool is_whole =
      static_cast<std::size_t>(gradient.nbytes()) == gradient.storage().bytes() && lies_without_gaps(gradient);
  if (!is_whole || !is_sole_owner(gradient)) return gradient.clone();
  return gradient.body().base ? gradient.detach() : std::move(gradient);
}

static void check_matches(const TensorBody& body, const Tensor& grad) {
  const Device device = body.storage->device();
  if (grad.shape() == body.shape && grad.dtype() == body.dtype && grad.device() == device) return;
  fail("the gradient must match the tensor, ", body.dtype, " ", body.shape, " on ", device, "; got ", grad.dtype(), " ",
       grad.shape(), " on ", grad.device());
}

// Adds in place where it may: who holds the grad sees it grow, as in PyTorch. Returns what it replaced.
static Ref<TensorBody> add_to_grad(TensorBody& owner, Tensor& gradient) {
  check_matches(owner, gradient);
  if (owner.grad && !is_grad_enabled()) {
    Tensor(owner.grad).add_(gradient);
    return {};
  }
  Tensor sum = owner.grad ? Tensor(owner.grad) + gradient : own(gradient);
  return std::exchange(owner.grad, sum.take_body());
}

void accumulate_grad(const Node& node, Tensor gradient) {
  Ref<TensorBody> replaced;  // goes after the lock, as the gradient does: either may be the last owner of a graph
  while (TensorBody* owner = node.grad_owner.load(std::memory_order_relaxed)) {
    const GradLock lock(owner);
    if (node.grad_owner.load(std::memory_order_relaxed) != owner) continue;
    replaced = add_to_grad(*owner, gradient);
    return;
  }
}

Tensor grad_of(const TensorBody& body) {
  const GradLock lock(&body);
  return Tensor(body.grad);
}

void set_grad_of(TensorBody& body, Tensor grad) {
  if (grad.defined()) check_matches(body, grad);
  Ref<TensorBody> replaced = grad.take_body();
  const GradLock lock(&body);
  std::swap(body.grad, replaced);
}

}  // namespace ebb::autograd
