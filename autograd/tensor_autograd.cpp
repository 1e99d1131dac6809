// The members of Tensor that concern its gradient, or need an op.
#include "ebb/autograd/backward.h"
#include "ebb/autograd/engine/accumulate.h"
#include "ebb/autograd/engine/grad_hooks.h"
#include "ebb/autograd/node.h"
#include "ebb/autograd/ops/shape/slice.h"
#include "ebb/core/dispatch.h"
#include "ebb/core/warning.h"

namespace ebb {

using autograd::Leaf;
using autograd::Node;
using autograd::node_of;

bool Tensor::is_leaf() const {
  const Ref<Node> node = node_of(*this);
  return !node || node->is_leaf();
}

Tensor Tensor::requires_grad_(bool requires_grad) const {
  check<GraphError>(is_leaf(), "requires_grad_: only a leaf can be changed, this tensor was made by ", grad_fn(),
                    "; use detach() for one without history");
  check(!requires_grad || is_floating(dtype()), "requires_grad_: only floating tensors have gradients, got ", dtype());
  if (!requires_grad) {
    body().set_link({});
  } else if (!body().link) {
    autograd::set_node(*this, Ref<Node>::first(new Leaf(shape())));
    body().link->grad_owner = &body();
  }
  return *this;
}

Tensor Tensor::grad(Site site) const {
  Tensor gradient = autograd::grad_of(body());
  if (!gradient.defined() && body().link && !is_leaf() && node_of(*this)->grad_owner != &body()) {
    const OpScope op("grad", site);
    warn("the tensor is no leaf, so its gradient is not kept; call retain_grad() on it before backward()");
  }
  return gradient;
}

void Tensor::set_grad(const Tensor& grad) const {
  check<GraphError>(requires_grad() || !grad.defined(),
                    "set_grad: the tensor requires no gradient; call requires_grad_() first");
  autograd::set_grad_of(body(), grad);
}

void Tensor::retain_grad() const {
  const Ref<Node> node = node_of(*this);
  check<GraphError>(static_cast<bool>(node), "retain_grad: the tensor requires no gradient");
  node->grad_owner = &body();
}

void Tensor::register_hook(std::function<Tensor(const Tensor&)> hook) const {
  const Ref<Node> node = node_of(*this);
  check<GraphError>(static_cast<bool>(node), "register_hook: the tensor requires no gradient");
  if (!node->hooks) node->hooks = std::make_unique<std::vector<autograd::Hook>>();
  node->hooks->push_back(std::move(hook));
}

GradHookHandle Tensor::register_post_accumulate_grad_hook(std::function<void()> hook) const {
  const Ref<Node> node = node_of(*this);
  check<GraphError>(node && node->is_leaf(),
                    "register_post_accumulate_grad_hook: only a leaf that requires a gradient ", "collects one");
  auto& hooks = static_cast<Leaf&>(*node).grad_hooks;
  if (!hooks) hooks = std::make_shared<autograd::GradHooks>();
  return {hooks, hooks->add(std::move(hook))};
}

void GradHookHandle::remove() {
  if (const auto hooks = hooks_.lock()) hooks->remove(id_);
}

void Tensor::backward(const Tensor& gradient, bool retain_graph, bool create_graph) const {
  ebb::backward(std::span(this, 1), std::span(&gradient, 1),
                {.retain_graph = retain_graph, .create_graph = create_graph});
}

std::string Tensor::grad_fn() const {
  const Ref<Node> node = node_of(*this);
  return node && !node->is_leaf() ? node->name : "";
}

Scalar Tensor::item_scalar(Site site) const {
  const OpScope op("item", site);
  check(numel() == 1, "needs a tensor of one element, got shape ", shape());
  Tensor x = device().is_cpu() ? *this : detach().to(kCPU);
  if (is_storage_only(dtype())) x = x.to(is_floating(dtype()) ? kFloat32 : kInt64);
  return visit_any(x.dtype(), [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      return Scalar(*x.data<T>());
    } else {
      return Scalar(static_cast<float>(*x.data<T>()));
    }
  });
}

Tensor Tensor::operator[](std::int64_t index) const { return ebb::select(*this, 0, index, Site{}); }

}  // namespace ebb
