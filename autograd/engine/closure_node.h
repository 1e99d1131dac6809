#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "ebb/autograd/node.h"

namespace ebb::autograd {

/// An op's own output, kept without its node so that node and output do not own each other.
class SavedOutput {
 public:
  explicit SavedOutput(const Tensor& y) : y_(y.detach()) {}
  /// The output, linked to `node` again where the gradient is itself recorded.
  Tensor get(Node& node) const;

 private:
  Saved y_;
};

/// What there is to know of a type of closures, so that a node need not be of a type for each op.
struct ClosureType {
  std::size_t size = 0;       // a multiple of alignof(void*)
  bool takes_output = false;  // vjp(dy, y), not vjp(dy)
  bool is_joint = false;      // returns the gradients of all inputs, not of one
  void (*call)(const void* closure, Node& node, const SavedOutput* output, const Tensor& dy,
               std::span<Tensor> dinputs) = nullptr;
  void (*move)(void* to, void* from) = nullptr;       // null where there is nothing to move
  void (*copy)(const void* closure) = nullptr;        // for Saved::collect; null where there is nothing to copy
  void (*destroy)(void* closure) noexcept = nullptr;  // null where there is nothing to destroy
};

template <class Vjp>
inline constexpr bool takes_output = std::is_invocable_v<Vjp, const Tensor&, const Tensor&>;

template <class Vjp>
auto call_closure(const Vjp& vjp, Node& node, const SavedOutput* output, const Tensor& dy) {
  if constexpr (takes_output<Vjp>) {
    return vjp(dy, output->get(node));
  } else {
    return vjp(dy);
  }
}

template <class Vjp>
inline constexpr bool is_joint =
    !std::same_as<Tensor, decltype(call_closure(std::declval<Vjp>(), std::declval<Node&>(), nullptr, Tensor()))>;

template <class Vjp>
inline constexpr ClosureType closure_type = [] {
  static_assert(alignof(Vjp) <= alignof(void*));
  ClosureType type;
  type.size = (sizeof(Vjp) + alignof(void*) - 1) / alignof(void*) * alignof(void*);
  type.takes_output = takes_output<Vjp>;
  type.is_joint = is_joint<Vjp>;
  type.call = [](const void* closure, Node& node, const SavedOutput* output, const Tensor& dy,
                 std::span<Tensor> dinputs) {
    auto result = call_closure(*static_cast<const Vjp*>(closure), node, output, dy);
    if constexpr (is_joint<Vjp>) {
      std::ranges::move(result, dinputs.begin());
    } else {
      dinputs[0] = std::move(result);
    }
  };
  if constexpr (!std::is_empty_v<Vjp>) {
    type.move = [](void* to, void* from) { ::new (to) Vjp(std::move(*static_cast<Vjp*>(from))); };
  }
  if constexpr (!std::is_trivially_destructible_v<Vjp>) {
    type.copy = [](const void* closure) { [[maybe_unused]] const Vjp copied = *static_cast<const Vjp*>(closure); };
    type.destroy = [](void* closure) noexcept { static_cast<Vjp*>(closure)->~Vjp(); };
  }
  return type;
}();

/// A closure of any type; `object` is null where its input wants no gradient.
struct Closure {
  const ClosureType* type;
  void* object;
};

/// One input of an op, and d(loss)/d(input).
struct Term {
  const Tensor* input;
  Closure closure;
};

/// What closures of these types take in a node.
template <class... Vjp>
inline constexpr std::size_t bytes_of_closures = ((sizeof(Closure) + closure_type<Vjp>.size) + ...);

/// A recorded op. Behind it, in the same piece of memory, lie its closures, its edges, and what the closures have
/// captured.
class ClosureNode final : public Node {
 public:
  // Both make a node the one that made `y`, which is new. Closures are moved from, but for those of inputs that want no
  // gradient.

  static void link(const Tensor& y, std::span<const Term> terms, std::size_t bytes_of_closures);
  /// With one closure for all inputs.
  static void link(const Tensor& y, std::span<const Tensor> inputs, const Closure& joint);
  ~ClosureNode() override;
  static void operator delete(ClosureNode* node, std::destroying_delete_t);

  std::span<const Edge> inputs() const override { return edges(); }
  void backward(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) override;
  void release_saved() override;
  std::vector<Tensor> saved() const override;

 private:
  class Use;

  ClosureNode(const Shape& of, std::size_t closures, std::size_t bytes)
      : Node(OpScope::name(), of), closure_count_(static_cast<std::uint32_t>(closures)), bytes_(bytes) {}
  static Ref<ClosureNode> make(const TensorBody& y, std::size_t inputs, std::size_t closures, std::size_t bytes);

  const Edge& add_edge(const Tensor& input);
  /// Keeps a closure, with what it has captured at `memory`; returns the end of that.
  std::byte* take(Closure& kept, const Closure& closure, std::byte* memory);
  void finish(const Tensor& y, std::uint64_t newest_input);
  void destroy_saved();

  Closure* first_closure() const { return reinterpret_cast<Closure*>(const_cast<ClosureNode*>(this) + 1); }
  std::span<Closure> closures() const { return {first_closure(), closure_count_}; }
  std::span<Edge> edges() const { return {reinterpret_cast<Edge*>(first_closure() + closure_count_), edge_count_}; }

  /// How many passes are using what is saved. Who lets go of it while passes of other threads use it only says so: the
  /// last of them destroys it.
  std::atomic<std::uint32_t> users_ = 0;
  bool owns_something_ = false, takes_output_ = false;
  const std::uint32_t closure_count_;
  std::uint32_t edge_count_ = 0;
  const std::size_t bytes_;
  std::optional<SavedOutput> output_;
};

}  // namespace ebb::autograd
