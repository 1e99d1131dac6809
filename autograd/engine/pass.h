#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ebb/autograd/engine/id_map.h"
#include "ebb/autograd/node.h"

namespace ebb::autograd {

/// A node, and the gradient that has arrived at it.
struct Arrival {
  Node* node = nullptr;
  Tensor gradient{};

  explicit operator bool() const { return node != nullptr; }
};

/// One backward pass, with all that it has to remember: nodes keep nothing of it, so that passes over graphs that share
/// nodes may run on several threads, and inside each other. A node's id is above those of its inputs
/// (id_above), so visiting nodes by descending id visits each after everything that uses its output: no recursion, no
/// counting of uses.
class Pass {
 public:
  explicit Pass(bool retain_graph) : retain_graph_(retain_graph) {}

  /// Leaves out what does not lead from `roots` to a node whose id is in `targets`.
  void limit_to(std::span<const std::uint64_t> targets, std::span<const Ref<Node>> roots);

  /// Visits each leaf that has hooks for its grad as soon as all that use it have been visited, and not at the end.
  void hurry_leaves(std::span<const Ref<Node>> roots);

  /// Adds to the gradient that `node` will be visited with. Whoever begins the pass keeps the roots, and
  /// through them all nodes.
  void arrive(Node& node, Tensor gradient);

  /// The next node in order, with all of its gradient after the node's hooks; none at the end.
  Arrival next();
  /// Calls the node's backward; what it yields arrives at its inputs.
  void visit(Node& node, const Tensor& dy);

  /// Whether the gradient for an input is of use.
  bool wants(const Edge& edge) const { return edge && (!needed_ || needed_->find(edge->id) != nullptr); }
  bool wants_any(std::span<const Edge> edges) const;

  /// Tensors that whoever has this key keeps until the end of the pass.
  std::vector<Tensor>& kept_for(const void* key);

  /// What is to be called at the end of the pass.
  std::vector<std::function<void()>> callbacks;

 private:
  Arrival take_newest();
  Arrival take_older(std::uint64_t id);
  Arrival take_hurried();
  void count_down(const Edge& edge);

  bool retain_graph_;
  Arrival newest_;                        // of the nodes that wait: a chain never has more than this one
  std::optional<IdMap<Arrival>> older_;   // that wait
  std::vector<std::uint64_t> older_ids_;  // as a heap; those of hurried leaves stay after their visit
  std::optional<IdMap<int>> uses_;        // not yet visited, of leaves that are hurried
  std::vector<std::uint64_t> ready_;      // of those
  std::optional<IdMap<bool>> needed_;     // lead to a target, or are one; absent: all
  std::vector<std::pair<const void*, std::vector<Tensor>>> kept_;
};

}  // namespace ebb::autograd
