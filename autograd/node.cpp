#include "ebb/autograd/node.h"

#include <atomic>
#include <utility>

#include "ebb/autograd/view.h"

namespace ebb::autograd {

static std::uint64_t next_id() {
  static std::atomic<std::uint64_t> counter = 0;
  return counter.fetch_add(1, std::memory_order_relaxed) + 1;
}

Node::Node(const char* name) : name(name), site(OpScope::site()), id(next_id()) {}

// A node owns the nodes before it, directly and through saved tensors: deleting them from inside each other's
// destructors would overflow the stack on a long chain. The outermost destroy() deletes them all in a loop.
void Node::destroy() noexcept {
  static thread_local Node* doomed = nullptr;
  static thread_local bool is_deleting = false;
  next_doomed_ = std::exchange(doomed, this);
  if (std::exchange(is_deleting, true)) return;
  while (doomed != nullptr) delete std::exchange(doomed, doomed->next_doomed_);
  is_deleting = false;
}

Ref<Node> node_of(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  if (!tensor.body().has_current_link()) relink_view(tensor);
  return Ref<Node>(static_cast<Node*>(tensor.body().link.get()));
}

void set_node(const Tensor& tensor, const Ref<Node>& node) { tensor.body().set_link(Ref<GraphLink>(node.get())); }

}  // namespace ebb::autograd
