#include "ebb/autograd/backward.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ebb/autograd/engine/accumulate.h"
#include "ebb/autograd/engine/grad_hooks.h"
#include "ebb/autograd/engine/pass.h"
#include "ebb/autograd/engine/small_array.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/autocasting.h"

namespace ebb {
namespace {

using autograd::Arrival;
using autograd::GradHooks;
using autograd::Node;
using autograd::node_of;
using autograd::Pass;

Tensor root_gradient(const Tensor& output, std::span<const Tensor> grad_outputs, std::size_t i) {
  if (i >= grad_outputs.size() || !grad_outputs[i].defined()) {
    check(output.numel() == 1, "a gradient to start from is needed for an output of shape ", output.shape(),
          "; only one of one element starts from 1: reduce it with sum() or mean(), or pass a gradient");
    return ones_like(output);
  }
  const Tensor& given = grad_outputs[i];
  if (given.shape() == output.shape() && given.dtype() == output.dtype() && given.device() == output.device()) {
    return given;
  }
  fail("the gradient to start from must match the output: expected ", output.dtype(), " ", output.shape(), " on ",
       output.device(), ", got ", given.dtype(), " ", given.shape(), " on ", given.device());
}

Ref<Node> root_of(const Tensor& output) {
  Ref<Node> root = node_of(output);
  check<GraphError>(
      static_cast<bool>(root),
      "the output was not made from a tensor that requires a gradient: call requires_grad_() on an input first, and "
      "look for NoGradGuard or detach() on the way");
  return root;
}

/// The nodes of the outputs, which keep all nodes before them.
struct Roots : autograd::SmallArray<Ref<Node>> {
  explicit Roots(std::span<const Tensor> outputs) : SmallArray(outputs.size()) {
    std::ranges::transform(outputs, begin(), root_of);
  }
};

void check_counts(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs) {
  check(grad_outputs.empty() || grad_outputs.size() == outputs.size(), "one gradient for each output is needed: got ",
        outputs.size(), " outputs and ", grad_outputs.size(), " gradients");
}

thread_local Pass* current_pass = nullptr;  // of backward(), the innermost

struct CurrentPass {
  explicit CurrentPass(Pass& pass) : before(std::exchange(current_pass, &pass)) {}
  CurrentPass(const CurrentPass&) = delete;
  CurrentPass& operator=(const CurrentPass&) = delete;
  ~CurrentPass() { current_pass = before; }
  Pass* before;
};

void accumulate_in_leaf(const autograd::Leaf& leaf, Tensor dy) {
  autograd::accumulate_grad(leaf, std::move(dy));
  if (leaf.grad_hooks) leaf.grad_hooks->run();
}

/// The ids of the nodes of the inputs of grad().
std::vector<std::uint64_t> targets_of(std::span<const Tensor> inputs) {
  std::vector<std::uint64_t> ids;
  for (const Tensor& input : inputs) {
    const auto node = node_of(input);
    check<GraphError>(static_cast<bool>(node), "grad: an input of shape ", input.shape(),
                      " requires no gradient; call requires_grad_() on it before it is used");
    ids.push_back(node->id);
  }
  return ids;
}

}  // namespace

void backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs, BackwardOptions options) {
  check_counts(outputs, grad_outputs);
  const GradMode recording(options.create_graph);
  const ops::AutocastOff no_autocast;
  Pass pass(options.retain_graph || options.create_graph);
  const CurrentPass current(pass);
  Roots roots(outputs);
  if (GradHooks::exist()) pass.hurry_leaves(std::span(roots.begin(), roots.end()));
  for (std::size_t i = 0; i < outputs.size(); ++i) pass.arrive(*roots[i], root_gradient(outputs[i], grad_outputs, i));
  while (Arrival arrival = pass.next()) {
    auto& [node, dy] = arrival;
    if (node->is_leaf()) {
      accumulate_in_leaf(static_cast<autograd::Leaf&>(*node), std::move(dy));
    } else {
      if (node->grad_owner != nullptr) autograd::accumulate_grad(*node, dy);
      pass.visit(*node, dy);
    }
  }
  for (const auto& callback : pass.callbacks) callback();
}

void queue_callback(std::function<void()> callback) {
  check<GraphError>(current_pass != nullptr, "queue_callback: no backward() is running on this thread");
  current_pass->callbacks.push_back(std::move(callback));
}

std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> grad_outputs, GradOptions options) {
  Roots roots(outputs);
  const std::vector<std::uint64_t> targets = targets_of(inputs);
  autograd::IdMap<Tensor> found;
  for (const std::uint64_t id : targets) found[id] = {};
  check_counts(outputs, grad_outputs);
  const GradMode recording(options.create_graph);
  const ops::AutocastOff no_autocast;
  Pass pass(options.retain_graph || options.create_graph);
  pass.limit_to(targets, std::span(roots.begin(), roots.end()));
  for (std::size_t i = 0; i < outputs.size(); ++i) pass.arrive(*roots[i], root_gradient(outputs[i], grad_outputs, i));
  while (const Arrival arrival = pass.next()) {
    const auto& [node, dy] = arrival;
    if (Tensor* gradient = found.find(node->id)) *gradient = dy;
    if (pass.wants_any(node->inputs())) pass.visit(*node, dy);
  }
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    gradients.push_back(*found.find(targets[i]));
    check<GraphError>(gradients[i].defined() || options.allow_unused, "grad: no output depends on input ", i,
                      " of shape ", inputs[i].shape(), "; with allow_unused its gradient is undefined instead");
  }
  return gradients;
}

std::vector<Tensor> grad(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs,
                         std::initializer_list<Tensor> grad_outputs, GradOptions options) {
  return grad(std::span(outputs.begin(), outputs.size()), std::span(inputs.begin(), inputs.size()),
              std::span(grad_outputs.begin(), grad_outputs.size()), options);
}

}  // namespace ebb
