#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "ebb/autograd/saved.h"
#include "ebb/core/tensor.h"

namespace ebb::autograd {

class Node;

/// Leads to the node that made one input of an op; null where no gradient is wanted.
using Edge = Ref<Node>;
using Hook = std::function<Tensor(const Tensor&)>;

/// One recorded op, which made one tensor; or a leaf, which has no inputs and collects a gradient.
class Node : public GraphLink {
 public:
  explicit Node(const char* name);

  const char* name;
  Site site;         ///< the user's line
  std::uint64_t id;  ///< counts up, so that an op's id is above those of its inputs

  virtual bool is_leaf() const { return false; }
  virtual std::span<const Edge> inputs() const = 0;
  /// Given d(loss)/d(output), sets `dinputs[i]` for each input that has an edge.
  virtual void backward(const Tensor& dy, std::span<Tensor> dinputs) = 0;
  /// Lets go of the saved tensors; backward() fails afterwards if there were any.
  virtual void release_saved() = 0;
  /// The tensors kept for backward().
  virtual std::vector<Tensor> saved() const = 0;

  // The engine's and the tensor's side of the node.
  bool is_needed = true;                     // by the running engine
  Tensor pending;                            // the running engine's sum of gradients that have arrived
  std::unique_ptr<std::vector<Hook>> hooks;  // null: none

 protected:
  void destroy() noexcept override;

 private:
  Node* next_doomed_ = nullptr;
};

/// The node of a tensor, brought up to date where the tensor is a view of one that was written through another view.
Ref<Node> node_of(const Tensor& tensor);
inline bool wants_grad(const Tensor& tensor) {
  return tensor.defined() && (tensor.body().link || (tensor.body().base && tensor.body().base->link));
}

/// Makes `node` the one that made `tensor`.
void set_node(const Tensor& tensor, const Ref<Node>& node);

/// A tensor that the user made and wants a gradient for.
class Leaf final : public Node {
 public:
  Leaf() : Node("leaf") {}
  bool is_leaf() const override { return true; }
  std::span<const Edge> inputs() const override { return {}; }
  void backward(const Tensor&, std::span<Tensor>) override {}
  void release_saved() override {}
  std::vector<Tensor> saved() const override { return {}; }
};

}  // namespace ebb::autograd
