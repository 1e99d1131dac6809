#include "ebb/autograd/view.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include <pthread.h>

#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/core/overlap.h"

namespace ebb::autograd {

static Tensor base_of(const Tensor& view) { return Tensor(view.body().base); }

static std::mutex relinking;  // one for all views: it happens once after a write

// In a child of fork() a thread that held it is not there to let go.
[[maybe_unused]] static const int relinking_is_free_in_child =
    pthread_atfork(nullptr, nullptr, [] { std::construct_at(&relinking); });

void relink_view(const Tensor& view) {
  TensorBody& body = view.body();
  const GradMode recording(true);
  const OpScope op("as_strided", Site{});
  Ref<GraphLink> link = as_strided(base_of(view), body.shape, body.strides, body.offset).body().link;
  {
    const std::lock_guard lock(relinking);
    if (body.has_current_link()) return;  // another thread was here
    std::swap(body.link, link);
    body.link_version.store(body.base->graph_version, std::memory_order_release);
  }
  if (link) body.disown_grad(*link);
}

static void refuse_lost_gradient(const Tensor& x, std::initializer_list<TensorRef> others) {
  const Tensor owner = x.body().base ? base_of(x) : x;
  const Ref<Node> node = node_of(owner);
  const bool is_view = !owner.is_same(x);
  check<GraphError>(
      !node || !node->is_leaf(), is_view ? "a view of " : "",
      "a leaf that requires a gradient would be changed in "
      "place, and its gradient would no longer belong to the value that was used; change it under NoGradGuard, or use "
      "the op that does not work in place");
  const bool gains_history = std::ranges::any_of(others, wants_grad);
  check<GraphError>(
      !gains_history || !owner.body().is_buffer,
      "a module's buffer would be updated from a tensor that has a history, so every step would hang one more "
      "graph on it; update it from x.detach(), or under NoGradGuard");
}

static bool has_shared_elements(const Tensor& x) {
  for (int i = 0; i < x.dim(); ++i) {
    if (x.shape()[i] > 1 && x.strides()[i] == 0) return true;
  }
  return false;
}

void begin_write(const Tensor& x, std::initializer_list<TensorRef> others) {
  check(x.numel() == 0 || !has_shared_elements(x), "an expanded tensor of shape ", x.shape(), " and strides ",
        x.strides(), " shares elements between positions and cannot be written to; clone() it first");
  for (const Tensor& other : others) {
    check(!overlap_partly(x, other), "the tensor that would be changed, of shape ", x.shape(),
          ", and the operand, of "
          "shape ",
          other.shape(),
          ", share elements at unlike positions, so some would be read after they were changed; "
          "clone() the operand first");
  }
  if (is_grad_enabled()) refuse_lost_gradient(x, others);
  x.storage().before_write();
}

// The new base is the old one with the view's region replaced: a region's gradient goes to the op that wrote it.
static void rebase(const Tensor& view, const Ref<Node>& writer) {
  const Tensor base = base_of(view);
  const OpScope op("copy_slices", Site{});
  const Tensor region = view.detach();
  set_node(region, writer);
  const auto shape = view.shape();
  const auto strides = view.strides();
  const auto base_strides = base.strides();
  const auto relative = view.storage_offset() - base.storage_offset();
  const Tensor rebased =
      record(base.detach(),
             wrt(base, [=](const Tensor& dy) { return zero_region(dy, base_strides, shape, strides, relative); }),
             wrt(region, [=](const Tensor& dy) { return region_of(dy, base_strides, shape, strides, relative); }));
  base.body().set_link(rebased.body().link);
}

Tensor adopt_history(const Tensor& x, const Tensor& result) {
  TensorBody& body = x.body();
  const bool had_history = wants_grad(x);
  if (!result.body().link && !had_history) return x;
  if (!is_grad_enabled()) return x;
  const Ref<Node> writer = node_of(result);
  if (body.base) {
    rebase(x, writer);
    body.link_version = ++body.base->graph_version;
  } else {
    ++body.graph_version;
  }
  set_node(x, writer);
  return x;
}

}  // namespace ebb::autograd
