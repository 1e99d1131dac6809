#include "ebb/autograd/graph.h"

#include <algorithm>
#include <unordered_set>

#include "ebb/autograd/node.h"

namespace ebb {

std::vector<GraphNode> graph(const Tensor& output) {
  using autograd::Node;
  std::vector<Ref<Node>> open;
  std::unordered_set<const Node*> seen;
  const auto add = [&](const Ref<Node>& node) {
    if (node && seen.insert(node.get()).second) open.push_back(node);
  };
  add(autograd::node_of(output));
  std::vector<GraphNode> nodes;
  while (!open.empty()) {
    const Ref<Node> node = std::move(open.back());
    open.pop_back();
    GraphNode& entry = nodes.emplace_back(GraphNode{node->id, node->name, node->site, {}, node->saved()});
    for (const autograd::Edge& edge : node->inputs()) {
      entry.inputs.push_back(edge ? edge->id : 0);
      add(edge);
    }
  }
  std::ranges::sort(nodes, std::greater<>(), &GraphNode::id);
  return nodes;
}

}  // namespace ebb
