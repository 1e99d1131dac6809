#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <type_traits>
#include <utility>

#include "ebb/autograd/engine/pass.h"
#include "ebb/autograd/grad_mode.h"

namespace ebb::autograd {

/// One input of an op, and d(loss)/d(input) as a function of d(loss)/d(output): "with respect to".
template <class Vjp>
struct Wrt {
  const Tensor& input;
  Vjp vjp;
};

/// `vjp(dy)`, or `vjp(dy, y)` where the gradient is written in terms of the op's own output. Inputs that the gradient
/// needs are captured as Saved; the output must come as the parameter (capturing it would make a cycle).
template <class Vjp>
Wrt<Vjp> wrt(const Tensor& input, Vjp vjp) {
  return {input, std::move(vjp)};
}

namespace detail {

template <class Vjp>
inline constexpr bool takes_output = std::is_invocable_v<Vjp, const Tensor&, const Tensor&>;

/// An op's own output, kept without its node so that node and output do not own each other.
class SavedOutput {
 public:
  explicit SavedOutput(const Tensor& y) : y_(y.detach()) {}
  /// The output, linked to `node` again where the gradient is itself recorded.
  Tensor get(Node& node) const;
  const Saved& saved() const { return y_; }

 private:
  Saved y_;
};

struct NoOutput {
  explicit NoOutput(const Tensor&) {}
};

[[noreturn]] void fail_released();

/// Who is using what a node has saved. Whoever lets go of it only says so where passes of other threads are using it:
/// the last of them destroys it.
class SavedUse {
 public:
  /// False where it was let go.
  bool begin() noexcept {
    std::uint32_t users = state_.load(std::memory_order_relaxed);
    while ((users & released) == 0) {
      if (state_.compare_exchange_weak(users, users + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }
  // Both are true where the caller has to destroy it.
  bool end() noexcept { return state_.fetch_sub(1, std::memory_order_acq_rel) == (released | 1); }
  bool release() noexcept { return state_.fetch_or(released, std::memory_order_acq_rel) == 0; }

 private:
  static constexpr std::uint32_t released = std::uint32_t{1} << 31;
  std::atomic<std::uint32_t> state_ = 0;  // the number of users, and whether it was let go
};

template <class Vjp, class Output>
auto call(const Vjp& vjp, const Tensor& dy, const Output& output, Node& node) {
  if constexpr (takes_output<Vjp>) {
    return vjp(dy, output.get(node));
  } else {
    return vjp(dy);
  }
}

/// What nodes of both forms share: edges, closures that may be let go, the saved output.
template <class Edges, class... Vjp>
class ClosureNode : public Node {
 public:
  std::span<const Edge> inputs() const final { return edges_; }

  void backward(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) final {
    if constexpr (owns_something) {
      const Use use(*this);
      if (!use.began) fail_released();
      run(pass, dy, dinputs);
    } else {
      run(pass, dy, dinputs);
    }
  }

  void release_saved() final {
    if constexpr (owns_something) {
      if (use_.release()) destroy_saved();
    }
  }

  std::vector<Tensor> saved() const final {
    if constexpr (!owns_something) return {};
    const Use use(const_cast<ClosureNode&>(*this));
    if (!use.began) return {};
    return Saved::collect([this] {
      const auto copy = [](const auto& closure) { [[maybe_unused]] const auto copied = closure; };
      std::apply([&](const auto&... vjp) { (copy(vjp), ...); }, vjps_);
      copy(output_);
    });
  }

 protected:
  static constexpr bool keeps_output = (takes_output<Vjp> || ...);
  static constexpr bool owns_something = keeps_output || !(std::is_trivially_destructible_v<Vjp> && ...);
  using Output = std::conditional_t<keeps_output, SavedOutput, NoOutput>;

  explicit ClosureNode(const Tensor& y) : Node(OpScope::name()), output_(std::in_place, y) {}

  virtual void run(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) = 0;

  Edges edges_;
  std::tuple<std::optional<Vjp>...> vjps_;
  std::optional<Output> output_;

 private:
  struct Use {
    explicit Use(ClosureNode& node) : node(node), began(node.use_.begin()) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      if (began && node.use_.end()) node.destroy_saved();
    }
    ClosureNode& node;
    const bool began;
  };

  void destroy_saved() {
    std::apply([](auto&... vjp) { (vjp.reset(), ...); }, vjps_);
    output_.reset();
  }

  SavedUse use_;
};

/// A closure for each input. Those of inputs without an edge are dropped, with what they saved.
template <class... Vjp>
class PartialsNode final : public ClosureNode<std::array<Edge, sizeof...(Vjp)>, Vjp...> {
 public:
  PartialsNode(const Tensor& y, Wrt<Vjp>&... terms) : ClosureNode<std::array<Edge, sizeof...(Vjp)>, Vjp...>(y) {
    set(std::index_sequence_for<Vjp...>(), terms...);
  }

 private:
  void run(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) override {
    run(pass, dy, dinputs, std::index_sequence_for<Vjp...>());
  }

  template <std::size_t... i>
  void set(std::index_sequence<i...>, Wrt<Vjp>&... terms) {
    ((this->edges_[i] = node_of(terms.input)), ...);
    ((this->edges_[i] ? void(std::get<i>(this->vjps_).emplace(std::move(terms.vjp))) : void()), ...);
  }

  template <std::size_t... i>
  void run(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs, std::index_sequence<i...>) {
    const auto one = [&](const auto& vjp, const Edge& edge, Tensor& dx) {
      if (pass.wants(edge)) dx = call(*vjp, dy, *this->output_, *this);
    };
    (one(std::get<i>(this->vjps_), this->edges_[i], dinputs[i]), ...);
  }
};

/// One closure that returns the gradients of all inputs.
template <class Vjp>
class JointNode final : public ClosureNode<std::vector<Edge>, Vjp> {
 public:
  JointNode(const Tensor& y, std::span<const Tensor> inputs, Vjp& vjp) : ClosureNode<std::vector<Edge>, Vjp>(y) {
    for (const Tensor& input : inputs) this->edges_.push_back(node_of(input));
    std::get<0>(this->vjps_).emplace(std::move(vjp));
  }

 private:
  void run(Pass& /*pass*/, const Tensor& dy, std::span<Tensor> dinputs) override {
    auto gradients = call(*std::get<0>(this->vjps_), dy, *this->output_, *this);
    std::ranges::move(gradients, dinputs.begin());
  }
};

bool should_record(const Tensor& y, std::span<const Tensor> inputs);
/// Links `y`, freshly made, to its node.
inline Tensor&& linked(Tensor& y, Node* node) {
  y.body().set_link(Ref<GraphLink>::first(node));
  return std::move(y);
}

}  // namespace detail

/// Links the op's output `y` to the inputs that want a gradient; the op's name and line come from its OpScope.
///
///     return record(y, wrt(a, [b = Saved(b)](const Tensor& dy) { return dy * b; }),
///                      wrt(b, [a = Saved(a)](const Tensor& dy) { return dy * a; }));
template <class... Vjp>
Tensor record(Tensor y, Wrt<Vjp>... terms) {
  if (!is_grad_enabled() || !(wants_grad(terms.input) || ...) || !is_floating(y.dtype())) return y;
  return detail::linked(y, new detail::PartialsNode<Vjp...>(y, terms...));
}

/// For fused kernels and for any number of inputs: `vjp` returns a sequence with the gradient of each input, undefined
/// where there is none.
template <class Vjp>
Tensor record(Tensor y, std::span<const Tensor> inputs, Vjp vjp) {
  if (!detail::should_record(y, inputs)) return y;
  return detail::linked(y, new detail::JointNode<Vjp>(y, inputs, vjp));
}

template <class Vjp>
Tensor record(Tensor y, std::initializer_list<Tensor> inputs, Vjp vjp) {
  return record(std::move(y), std::span(inputs.begin(), inputs.size()), std::move(vjp));
}

}  // namespace ebb::autograd
