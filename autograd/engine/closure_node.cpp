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

// In memory: the node, its edges, its closures, what the closures have captured.
inline ClosureNode::ClosureNode(const Shape& shape, std::size_t inputs, std::size_t bytes)
    : Node(OpScope::name(), shape), edge_count_(static_cast<std::uint32_t>(inputs)), bytes_(bytes) {
  for (Edge& edge : edges()) ::new (&edge) Edge;
}

inline Ref<ClosureNode> ClosureNode::make(const Tensor& y, std::size_t inputs, std::size_t bytes_of_closures) {
  const std::size_t bytes = sizeof(ClosureNode) + inputs * sizeof(Edge) + bytes_of_closures;
  return Ref<ClosureNode>::first(::new (small_objects::allocate(bytes)) ClosureNode(y.shape(), inputs, bytes));
}

inline std::byte* ClosureNode::take(const Closure& closure, bool is_wanted, std::byte* memory) {
  const ClosureType* type = closure.type;
  Closure& kept = *::new (closures().data() + closure_count_) Closure{type, nullptr};
  ++closure_count_;
  if (!is_wanted) return memory;
  if (type->move != nullptr) type->move(memory, closure.object);
  kept.object = memory;
  takes_output_ |= type->takes_output;
  owns_something_ |= type->takes_output || type->destroy != nullptr;
  return memory + type->size;
}

inline void ClosureNode::finish(const Tensor& y, std::uint64_t newest_input) {
  id = id_above(newest_input);
  if (takes_output_) output_.emplace(y);
}

void ClosureNode::link(const Tensor& y, std::span<const Term> terms, std::size_t bytes_of_closures) {
  Ref<ClosureNode> node = make(y, terms.size(), bytes_of_closures);
  Edge* edge = node->edges().data();
  auto* memory = reinterpret_cast<std::byte*>(node->closures().data() + terms.size());
  std::uint64_t newest = 0;
  for (const Term& term : terms) {
    *edge = node_of(*term.input);
    if (*edge) newest = std::max(newest, (*edge)->id);
    memory = node->take(term.closure, static_cast<bool>(*edge), memory);
    ++edge;
  }
  node->finish(y, newest);
  y.body().link = std::move(node);
}

void ClosureNode::link(const Tensor& y, std::span<const Tensor> inputs, const Closure& joint) {
  Ref<ClosureNode> node = make(y, inputs.size(), sizeof(Closure) + joint.type->size);
  std::uint64_t newest = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Edge& edge = node->edges()[i];
    edge = node_of(inputs[i]);
    if (edge) newest = std::max(newest, edge->id);
  }
  node->take(joint, true, reinterpret_cast<std::byte*>(node->closures().data() + 1));
  node->finish(y, newest);
  y.body().link = std::move(node);
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
