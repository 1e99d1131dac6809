#include "ebb/autograd/engine/pass.h"

#include <algorithm>
#include <utility>

#include "ebb/autograd/engine/accumulate.h"
#include "ebb/autograd/engine/small_array.h"

namespace ebb::autograd {

static Tensor run_hooks(const Node& node, Tensor dy) {
  for (const Hook& hook : *node.hooks) {
    Tensor replaced = hook(dy);
    if (!replaced.defined()) continue;
    check(replaced.shape() == dy.shape(), "a hook that replaces a gradient must return one of its shape, ", dy.shape(),
          ", got ", replaced.shape());
    dy = std::move(replaced);
  }
  return dy;
}

void Pass::arrive(Node& node, Tensor gradient) {
  if (!newest_) {
    newest_ = {&node, std::move(gradient)};
    return;
  }
  if (newest_.node == &node) return accumulate(newest_.gradient, std::move(gradient));
  Arrival older{&node, std::move(gradient)};
  if (node.id > newest_.node->id) std::swap(older, newest_);
  if (!older_) older_.emplace();
  Arrival& waiting = (*older_)[older.node->id];
  if (!waiting) {
    waiting.node = older.node;
    older_ids_.push_back(older.node->id);
    std::ranges::push_heap(older_ids_);
  }
  accumulate(waiting.gradient, std::move(older.gradient));
}

Arrival Pass::take_older(std::uint64_t id) {
  return older_ && older_->find(id) != nullptr ? older_->take(id) : Arrival();
}

/// The newest of the others takes its place. Nothing may have arrived where an id is that of a hurried leaf.
Arrival Pass::take_newest() {
  Arrival taken = std::exchange(newest_, {});
  while (!newest_ && !older_ids_.empty()) {
    std::ranges::pop_heap(older_ids_);
    newest_ = take_older(older_ids_.back());
    older_ids_.pop_back();
  }
  return taken;
}

/// None where nothing arrived at any that is ready.
Arrival Pass::take_hurried() {
  while (!ready_.empty()) {
    const std::uint64_t id = ready_.back();
    ready_.pop_back();
    if (newest_ && newest_.node->id == id) return take_newest();
    if (Arrival leaf = take_older(id)) return leaf;
  }
  return {};
}

Arrival Pass::next() {
  Arrival arrival;
  if (!ready_.empty()) arrival = take_hurried();
  if (!arrival) arrival = older_ids_.empty() ? std::exchange(newest_, {}) : take_newest();
  if (arrival && arrival.node->hooks) arrival.gradient = run_hooks(*arrival.node, std::move(arrival.gradient));
  return arrival;
}

void Pass::hurry_leaves(std::span<const Ref<Node>> roots) {
  IdMap<int>& uses = uses_.emplace();
  std::vector<const Node*> nodes;
  IdMap<bool> seen;
  const auto add = [&](const Edge& edge) {
    if (!edge) return;
    if (edge->is_leaf()) {
      if (static_cast<const Leaf&>(*edge).grad_hooks) ++uses[edge->id];
    } else if (!std::exchange(seen[edge->id], true)) {
      nodes.push_back(edge.get());
    }
  };
  std::ranges::for_each(roots, add);
  for (std::size_t next = 0; next < nodes.size(); ++next) std::ranges::for_each(nodes[next]->inputs(), add);
  for (const Ref<Node>& root : roots) count_down(root);
}

void Pass::count_down(const Edge& edge) {
  int* uses = edge ? uses_->find(edge->id) : nullptr;
  if (uses != nullptr && --*uses == 0) ready_.push_back(edge->id);
}

static void check_shape(const Tensor& gradient, std::size_t i, const Node& input) {
  check(gradient.shape() == input.shape, "the gradient of input ", i, " must have its shape, ", input.shape, ", got ",
        gradient.shape(), "; an input that was stretched gets its gradient by sum_to()");
}

void Pass::visit(Node& node, const Tensor& dy) {
  const auto inputs = node.inputs();
  SmallArray<Tensor> dinputs(inputs.size());
  {
    const OpScope backward("backward", node.site);
    const OpScope op(node.name, node.site);
    node.backward(*this, dy, dinputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (dinputs[i].defined() && inputs[i]) check_shape(dinputs[i], i, *inputs[i]);
    }
  }
  if (!retain_graph_) node.release_saved();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (dinputs[i].defined() && wants(inputs[i])) arrive(*inputs[i], std::move(dinputs[i]));
  }
  if (uses_) std::ranges::for_each(inputs, [this](const Edge& edge) { count_down(edge); });
}

bool Pass::wants_any(std::span<const Edge> edges) const {
  return std::ranges::any_of(edges, [this](const Edge& edge) { return wants(edge); });
}

void Pass::limit_to(std::span<const std::uint64_t> targets, std::span<const Ref<Node>> roots) {
  IdMap<bool>& needed = needed_.emplace();
  for (const std::uint64_t id : targets) needed[id] = true;
  const std::uint64_t oldest = targets.empty() ? 0 : std::ranges::min(targets);
  std::vector<const Node*> nodes;
  IdMap<bool> seen;
  const auto add = [&](const Edge& edge) {
    if (edge && edge->id >= oldest && !std::exchange(seen[edge->id], true)) nodes.push_back(edge.get());
  };
  std::ranges::for_each(roots, add);
  for (std::size_t next = 0; next < nodes.size(); ++next) std::ranges::for_each(nodes[next]->inputs(), add);
  std::ranges::sort(nodes, {}, [](const Node* node) { return node->id; });
  for (const Node* node : nodes) {  // inputs first
    if (wants_any(node->inputs())) needed[node->id] = true;
  }
}

std::vector<Tensor>& Pass::kept_for(const void* key) {
  const auto found = std::ranges::find(kept_, key, [](const auto& entry) { return entry.first; });
  return found != kept_.end() ? found->second : kept_.emplace_back(key, std::vector<Tensor>()).second;
}

}  // namespace ebb::autograd
