#include "ebb/autograd/engine/closure_node.h"

#include <algorithm>
#include <memory>
#include <new>

#include "ebb/autograd/engine/pass.h"
#include "ebb/autograd/grad_mode.h"

namespace ebb::autograd {

static constexpr std::uint32_t released = std::uint32_t{1} << 31;  // a bit of users_

Tensor SavedOutput::get(Node& node) const {
  const Tensor& y = y_;
  if (!is_grad_enabled()) return y;
  const Tensor linked = y.detach();
  set_node(linked, Ref<Node>(&node));
  return linked;
}

/// A while in which what a node has saved stays.
class ClosureNode::Use {
 public:
  explicit Use(ClosureNode& node) : node_(node), began_(begin()) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    if (began_ && node_.users_.fetch_sub(1, std::memory_order_acq_rel) == (released | 1)) node_.destroy_saved();
  }
  /// False where it was let go before.
  bool began() const { return began_; }

 private:
  bool begin() {
    std::uint32_t users = node_.users_.load(std::memory_order_relaxed);
    while ((users & released) == 0) {
      if (node_.users_.compare_exchange_weak(users, users + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }

  ClosureNode& node_;
  const bool began_;
};

inline void ClosureNode::link(std::span<const Tensor* const> inputs) {
  Edge* edge = edges().data();
  std::uint64_t newest = 0;
  for (const Tensor* input : inputs) {
    ::new (edge) Edge(node_of(*input));
    ++edge_count_;
    if (*edge) newest = std::max(newest, (*edge)->id);
    ++edge;
  }
  id = id_above(newest);
}

inline bool ClosureNode::take(std::span<const Closure> closures) {
  bool takes_output = false;
  const Edge* edge = edges().data();
  Closure* kept = this->closures().data();
  auto* memory = reinterpret_cast<std::byte*>(kept + closures.size());
  for (const auto& [type, object] : closures) {
    ::new (kept) Closure{type, nullptr};
    ++closure_count_;
    if (type->is_joint || *edge) {
      if (type->move != nullptr) type->move(memory, object);
      kept->object = memory;
      memory += type->size;
      takes_output |= type->takes_output;
      owns_something_ |= type->takes_output || type->destroy != nullptr;
    }
    ++edge;
    ++kept;
  }
  return takes_output;
}

// In memory: the node, its edges, its closures, what the closures have captured.
Ref<ClosureNode> ClosureNode::make(const Tensor& y, std::span<const Tensor* const> inputs,
                                   std::span<const Closure> closures, std::size_t closure_bytes) {
  const std::size_t bytes = sizeof(ClosureNode) + inputs.size() * sizeof(Edge) + closure_bytes;
  auto node = Ref<ClosureNode>::first(::new (small_objects::allocate(bytes)) ClosureNode(bytes));
  node->shape = y.shape();
  node->link(inputs);
  if (node->take(closures)) node->output_.emplace(y);
  return node;
}

ClosureNode::~ClosureNode() {
  if (owns_something_) destroy_saved();
  std::ranges::destroy(edges());
}

void ClosureNode::operator delete(ClosureNode* node, std::destroying_delete_t) {
  const std::size_t bytes = node->bytes_;
  node->~ClosureNode();
  small_objects::release(node, bytes);
}

static inline void run(ClosureNode& node, std::span<const Closure> closures, const SavedOutput* output, Pass& pass,
                       const Tensor& dy, std::span<Tensor> dinputs) {
  for (std::size_t i = 0; i < closures.size(); ++i) {
    const auto& [type, object] = closures[i];
    if (type->is_joint) return type->call(object, node, output, dy, dinputs);
    if (pass.wants(node.inputs()[i])) type->call(object, node, output, dy, dinputs.subspan(i, 1));
  }
}

void ClosureNode::backward(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) {
  const SavedOutput* output = output_ ? &*output_ : nullptr;
  if (!owns_something_) return run(*this, closures(), output, pass, dy, dinputs);
  const Use use(*this);
  check<GraphError>(use.began(),
                    "backward ran through this graph before, and let go of what it had saved; to run it again, pass "
                    "retain_graph = true to the first backward()");
  run(*this, closures(), output, pass, dy, dinputs);
}

void ClosureNode::release_saved() {
  if (owns_something_ && users_.fetch_or(released, std::memory_order_acq_rel) == 0) destroy_saved();
}

std::vector<Tensor> ClosureNode::saved() const {
  if (!owns_something_) return {};
  const Use use(const_cast<ClosureNode&>(*this));
  if (!use.began()) return {};
  return Saved::collect([this] {
    for (const auto& [type, object] : closures()) {
      if (object != nullptr && type->copy != nullptr) type->copy(object);
    }
    [[maybe_unused]] const auto copied = output_;
  });
}

void ClosureNode::destroy_saved() {
  for (auto& [type, object] : closures()) {
    if (object != nullptr && type->destroy != nullptr) type->destroy(std::exchange(object, nullptr));
  }
  output_.reset();
}

}  // namespace ebb::autograd
