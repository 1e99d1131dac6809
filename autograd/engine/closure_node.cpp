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

inline Ref<ClosureNode> ClosureNode::make(const TensorBody& y, std::size_t inputs, std::size_t closures,
                                          std::size_t bytes_of_closures) {
  const std::size_t bytes = sizeof(ClosureNode) + inputs * sizeof(Edge) + bytes_of_closures;
  auto node = Ref<ClosureNode>::first(::new (small_objects::allocate(bytes)) ClosureNode(y.shape, closures, bytes));
  for (Closure& closure : node->closures()) ::new (&closure) Closure{nullptr, nullptr};
  return node;
}

inline const Edge& ClosureNode::add_edge(const Tensor& input) {
  const Edge& edge = *::new (edges().data() + edge_count_) Edge(node_of(input));
  ++edge_count_;
  return edge;
}

inline std::byte* ClosureNode::take(Closure& kept, const Closure& closure, std::byte* memory) {
  const ClosureType* type = closure.type;
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
  TensorBody& body = y.body();
  Ref<ClosureNode> node = make(body, terms.size(), terms.size(), bytes_of_closures);
  Closure* kept = node->first_closure();
  auto* memory = reinterpret_cast<std::byte*>(node->edges().data() + terms.size());
  std::uint64_t newest = 0;
  for (const auto& [input, closure] : terms) {
    kept->type = closure.type;
    if (const Edge& edge = node->add_edge(*input)) {
      newest = std::max(newest, edge->id);
      memory = node->take(*kept, closure, memory);
    }
    ++kept;
  }
  node->finish(y, newest);
  body.link = std::move(node);
}

void ClosureNode::link(const Tensor& y, std::span<const Tensor> inputs, const Closure& joint) {
  TensorBody& body = y.body();
  Ref<ClosureNode> node = make(body, inputs.size(), 1, sizeof(Closure) + joint.type->size);
  std::uint64_t newest = 0;
  for (const Tensor& input : inputs) {
    if (const Edge& edge = node->add_edge(input)) newest = std::max(newest, edge->id);
  }
  Closure& kept = *node->first_closure();
  kept.type = joint.type;
  node->take(kept, joint, reinterpret_cast<std::byte*>(node->edges().data() + inputs.size()));
  node->finish(y, newest);
  body.link = std::move(node);
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
  if (!owns_something_) return run(*this, closures(), nullptr, pass, dy, dinputs);
  const Use use(*this);
  check<GraphError>(use.began(),
                    "backward ran through this graph before, and let go of what it had saved; to run it again, pass "
                    "retain_graph = true to the first backward()");
  run(*this, closures(), output_ ? &*output_ : nullptr, pass, dy, dinputs);
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
