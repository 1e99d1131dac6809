#include "ebb/autograd/backward.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/node.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {
namespace autograd {
namespace {

bool is_sole_owner(const Tensor& t) { return t.body().use_count() == 1 && t.storage().use_count() == 1; }

/// `sum += term`, where `sum` may be undefined. Writes in place only where nobody else can see it.
void accumulate(Tensor& sum, Tensor term) {
  if (!sum.defined()) {
    sum = std::move(term);
  } else if (!is_grad_enabled() && is_sole_owner(sum) && elementwise_strides(sum) == sum.strides()) {
    sum.add_(term);
  } else {
    sum = sum + term;
  }
}

/// What a leaf keeps as its grad: a tensor of its own, without gaps.
Tensor own(Tensor gradient) {
  if (is_grad_enabled()) return gradient;
  const bool owned = is_sole_owner(gradient) && elementwise_strides(gradient) == gradient.strides();
  return owned ? gradient : gradient.clone();
}

/// One backward pass. Ids count up and an op's inputs exist before it, so visiting nodes by descending id visits each
/// after everything that uses its output: no recursion, no counting of uses.
class Engine {
 public:
  explicit Engine(bool retain_graph) : retain_graph_(retain_graph) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    for (const Ref<Node>& node : queue_) node->pending = {};
  }

  void arrive(const Ref<Node>& node, Tensor gradient) {
    const bool waits_already = node->pending.defined();
    accumulate(node->pending, std::move(gradient));
    if (waits_already) return;
    queue_.push_back(node);
    std::ranges::push_heap(queue_, older);
  }

  /// `take(node, dy)` sees every node with its whole gradient; the pass goes on behind it if it returns true.
  template <class Take>
  void run(Take&& take) {
    while (!queue_.empty()) {
      std::ranges::pop_heap(queue_, older);
      const Ref<Node> node = std::move(queue_.back());
      queue_.pop_back();
      Tensor dy = std::exchange(node->pending, {});
      if (node->hooks) dy = run_hooks(*node, std::move(dy));
      if (take(*node, dy)) visit(*node, dy);
    }
  }

 private:
  static bool older(const Ref<Node>& a, const Ref<Node>& b) { return a->id < b->id; }

  static Tensor run_hooks(Node& node, Tensor dy) {
    for (const Hook& hook : *node.hooks) {
      if (Tensor replaced = hook(dy); replaced.defined()) dy = std::move(replaced);
    }
    return dy;
  }

  void visit(Node& node, const Tensor& dy) {
    const auto inputs = node.inputs();
    constexpr std::size_t few = 4;
    std::array<Tensor, few> small;
    std::vector<Tensor> large(inputs.size() > few ? inputs.size() : 0);
    const auto dinputs = inputs.size() > few ? std::span(large) : std::span(small).first(inputs.size());
    {
      const OpScope backward("backward", node.site);
      const OpScope op(node.name, node.site);
      node.backward(dy, dinputs);
    }
    if (!retain_graph_) node.release_saved();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const bool wanted = inputs[i] && inputs[i]->is_needed && dinputs[i].defined();
      if (wanted) arrive(inputs[i], std::move(dinputs[i]));
    }
  }

  bool retain_graph_;
  std::vector<Ref<Node>> queue_;  // a heap, the newest node on top
};

/// For grad(): limits a pass to the nodes that lead to the inputs, and lifts the limit at the end.
class NeededNodes {
 public:
  NeededNodes(std::span<const Ref<Node>> roots, const std::unordered_set<const Node*>& targets) {
    collect(roots);
    std::ranges::sort(nodes_, {}, [](const Ref<Node>& node) { return node->id; });
    for (const Ref<Node>& node : nodes_) {  // inputs first
      const auto leads = [](const Edge& edge) { return edge && edge->is_needed; };
      node->is_needed = targets.contains(node.get()) || std::ranges::any_of(node->inputs(), leads);
    }
  }
  NeededNodes(const NeededNodes&) = delete;
  NeededNodes& operator=(const NeededNodes&) = delete;
  ~NeededNodes() {
    for (const Ref<Node>& node : nodes_) node->is_needed = true;
  }

 private:
  void collect(std::span<const Ref<Node>> roots) {
    std::unordered_set<const Node*> seen;
    const auto add = [&](const Ref<Node>& node) {
      if (node && seen.insert(node.get()).second) nodes_.push_back(node);
    };
    std::ranges::for_each(roots, add);
    for (std::size_t next = 0; next < nodes_.size(); ++next) {
      const Ref<Node> node = nodes_[next];
      for (const Edge& edge : node->inputs()) add(edge);
    }
  }

  std::vector<Ref<Node>> nodes_;
};

Tensor root_gradient(const Tensor& output, std::span<const Tensor> grad_outputs, std::size_t i) {
  const Tensor given = i < grad_outputs.size() ? grad_outputs[i] : Tensor();
  if (!given.defined()) {
    check(output.numel() == 1, "a gradient to start from is needed for an output of shape ", output.shape(),
          "; only one of one element starts from 1: reduce it with sum() or mean(), or pass a gradient");
    return ones_like(output);
  }
  check(given.shape() == output.shape() && given.dtype() == output.dtype() && given.device() == output.device(),
        "the gradient to start from must match the output: expected ", output.dtype(), " ", output.shape(), " on ",
        output.device(), ", got ", given.dtype(), " ", given.shape(), " on ", given.device());
  return given;
}

std::vector<Ref<Node>> roots_of(std::span<const Tensor> outputs) {
  std::vector<Ref<Node>> roots;
  for (const Tensor& output : outputs) {
    roots.push_back(node_of(output));
    check(static_cast<bool>(roots.back()),
          "the output was not made from a tensor that requires a gradient: call "
          "requires_grad_() on an input first, and look for NoGradGuard or detach() on the way");
  }
  return roots;
}

void start(Engine& engine, std::span<const Ref<Node>> roots, std::span<const Tensor> outputs,
           std::span<const Tensor> grad_outputs) {
  check(grad_outputs.empty() || grad_outputs.size() == outputs.size(), "one gradient an output is needed: got ",
        outputs.size(), " outputs and ", grad_outputs.size(), " gradients");
  for (std::size_t i = 0; i < outputs.size(); ++i) engine.arrive(roots[i], root_gradient(outputs[i], grad_outputs, i));
}

// Adds in place where it may: who holds the grad sees it grow, as in PyTorch.
void keep(const Tensor& tensor, Tensor dy) {
  const Tensor before = tensor.grad();
  if (!before.defined()) {
    tensor.set_grad(own(std::move(dy)));
  } else if (is_grad_enabled()) {
    tensor.set_grad(before + dy);
  } else {
    before.add_(dy);
  }
}

}  // namespace
}  // namespace autograd

using namespace autograd;

void backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs, BackwardOptions options) {
  const auto roots = roots_of(outputs);
  const GradMode recording(options.create_graph);
  Engine engine(options.retain_graph || options.create_graph);
  start(engine, roots, outputs, grad_outputs);
  engine.run([](Node& node, Tensor& dy) {
    const Ref<TensorBody> keeper(node.keeper);
    if (keeper) keep(Tensor(keeper), node.is_leaf() ? std::move(dy) : dy);
    return !node.is_leaf();
  });
}

std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> grad_outputs, GradOptions options) {
  const auto roots = roots_of(outputs);
  std::unordered_map<const Node*, Tensor> found;
  std::unordered_set<const Node*> targets;
  for (const Tensor& input : inputs) {
    const Ref<Node> node = node_of(input);
    check(static_cast<bool>(node), "grad: an input of shape ", input.shape(),
          " requires no gradient; call requires_grad_() on it before it is used");
    targets.insert(node.get());
  }
  const NeededNodes limit(roots, targets);
  {
    const GradMode recording(options.create_graph);
    Engine engine(options.retain_graph || options.create_graph);
    start(engine, roots, outputs, grad_outputs);
    engine.run([&](Node& node, Tensor& dy) {
      if (targets.contains(&node)) found[&node] = dy;
      return node.is_needed && !node.is_leaf();
    });
  }
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    gradients.push_back(found[node_of(inputs[i]).get()]);
    check(gradients.back().defined() || options.allow_unused, "grad: no output depends on input ", i, " of shape ",
          inputs[i].shape(), "; with allow_unused its gradient is undefined instead");
  }
  return gradients;
}

std::vector<Tensor> grad(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs,
                         std::initializer_list<Tensor> grad_outputs, GradOptions options) {
  return grad(std::span(outputs.begin(), outputs.size()), std::span(inputs.begin(), inputs.size()),
              std::span(grad_outputs.begin(), grad_outputs.size()), options);
}

}  // namespace ebb
