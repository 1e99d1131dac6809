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
class Pass;

/// Leads to the node that made one input of an op; null where no gradient is wanted.
using Edge = Ref<Node>;
using Hook = std::function<Tensor(const Tensor&)>;

/// One recorded op, which made one tensor; or a leaf, which has no inputs and collects a gradient. Passes of several
/// threads may visit it at the same time.
class Node : public GraphLink {
 public:
  explicit Node(const char* op, const Shape& of = {}) : GraphLink(of), name(op), site(OpScope::site()) {}

  const char* name;
  Site site;             ///< the user's line
  std::uint64_t id = 0;  ///< above those of its inputs; see id_above()

  virtual bool is_leaf() const { return false; }
  virtual std::span<const Edge> inputs() const = 0;
  /// Given d(loss)/d(output), sets `dinputs[i]` for each input that the pass wants a gradient for.
  virtual void backward(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) = 0;
  /// Lets go of the saved tensors; a backward() that begins afterwards fails if there were any.
  virtual void release_saved() = 0;
  /// The tensors kept for backward().
  virtual std::vector<Tensor> saved() const = 0;

  std::unique_ptr<std::vector<Hook>> hooks;  // null: none

 protected:
  void destroy() noexcept override;

 private:
  Node* next_doomed_ = nullptr;
};

/// An id for a node whose newest input has the id `newest`, 0 where it has none: counts up on each thread, and no two
/// nodes have the same.
std::uint64_t id_above(std::uint64_t newest);

/// Gives a view its node anew, as a view of its base, after a write through another view has changed the base's node.
void relink_view(const Tensor& view);

/// The node of a tensor, brought up to date where the tensor is a view of one that was written through another view.
inline Ref<Node> node_of(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  const TensorBody& body = tensor.body();
  if (!body.has_current_link()) [[unlikely]] {
    relink_view(tensor);
  }
  return Ref<Node>(static_cast<Node*>(body.link.get()));
}

inline bool wants_grad(const Tensor& tensor) { return tensor.defined() && tensor.body().wants_grad(); }

/// Makes `node` the one that made `tensor`.
void set_node(const Tensor& tensor, const Ref<Node>& node);

class GradHooks;

/// A tensor that the user made and wants a gradient for.
class Leaf final : public Node {
 public:
  explicit Leaf(const Shape& of) : Node("leaf", of) { id = id_above(0); }
  std::shared_ptr<GradHooks> grad_hooks;  ///< null: none

  bool is_leaf() const override { return true; }
  std::span<const Edge> inputs() const override { return {}; }
  void backward(Pass&, const Tensor&, std::span<Tensor>) override {}
  void release_saved() override {}
  std::vector<Tensor> saved() const override { return {}; }
};

}  // namespace ebb::autograd
