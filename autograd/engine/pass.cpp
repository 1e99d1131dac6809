#include "ebb/autograd/engine/pass.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ebb/autograd/engine/accumulate.h"

namespace ebb::autograd {

static Tensor run_hooks(const Node& node, Tensor dy) {
  for (const Hook& hook : *node.hooks) {
    if (Tensor replaced = hook(dy); replaced.defined()) dy = std::move(replaced);
  }
  return dy;
}

void Pass::arrive(const Ref<Node>& node, Tensor gradient) {
  Waiting& entry = waiting_[node->id];
  if (!entry.node) {
    entry.node = node;
    enqueue(node->id);
  }
  accumulate(entry.sum, std::move(gradient));
}

// A chain of nodes never has more than one that waits, and needs no heap.
void Pass::enqueue(std::uint64_t id) {
  if (id > newest_) std::swap(id, newest_);
  if (id == 0) return;
  others_.push_back(id);
  std::ranges::push_heap(others_);
}

std::optional<Pass::Arrival> Pass::take(std::uint64_t id) {
  if (waiting_.find(id) == nullptr) return {};  // a hurried leaf, or one that nothing arrived at
  auto [node, dy] = waiting_.take(id);
  if (node->hooks) dy = run_hooks(*node, std::move(dy));
  return Arrival{std::move(node), std::move(dy)};
}

std::optional<Pass::Arrival> Pass::next() {
  while (!ready_.empty()) {
    const std::uint64_t id = ready_.back();
    ready_.pop_back();
    if (auto arrival = take(id)) return arrival;
  }
  while (newest_ != 0) {
    const std::uint64_t id = std::exchange(newest_, 0);
    if (!others_.empty()) {
      std::ranges::pop_heap(others_);
      newest_ = others_.back();
      others_.pop_back();
    }
    if (auto arrival = take(id)) return arrival;
  }
  return {};
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
  constexpr std::size_t few = 4;
  std::array<Tensor, few> small;
  std::vector<Tensor> large(inputs.size() > few ? inputs.size() : 0);
  const auto dinputs = inputs.size() > few ? std::span(large) : std::span(small).first(inputs.size());
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
    if (dinputs[i].defined() && wants(inputs[i])) arrive(inputs[i], std::move(dinputs[i]));
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
