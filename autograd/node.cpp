#include "ebb/autograd/node.h"

#include <atomic>
#include <utility>

namespace ebb::autograd {

// A thread takes ids by the block, so that nodes need no locked instruction. All blocks taken so far lie below the next
// one: where an input is from another thread, whose block lies above, a new block is begun.
std::uint64_t id_above(std::uint64_t newest) {
  constexpr std::uint64_t block = 1024;
  static constinit std::atomic<std::uint64_t> taken = 0;
  static constinit thread_local std::uint64_t last = 0, end = 0;
  if (last == end || last < newest) {
    last = taken.fetch_add(block, std::memory_order_relaxed);
    end = last + block;
  }
  return ++last;
}

// A node owns the nodes before it, directly and through saved tensors: deleting them from inside each other's
// destructors would overflow the stack on a long chain. The outermost destroy() deletes them all in a loop.
void Node::destroy() noexcept {
  static constinit thread_local Node* doomed = nullptr;
  static constinit thread_local bool is_deleting = false;
  next_doomed_ = std::exchange(doomed, this);
  if (std::exchange(is_deleting, true)) return;
  while (doomed != nullptr) delete std::exchange(doomed, doomed->next_doomed_);
  is_deleting = false;
}

void set_node(const Tensor& tensor, const Ref<Node>& node) { tensor.body().set_link(Ref<GraphLink>(node.get())); }

}  // namespace ebb::autograd
