#pragma once

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/node.h"

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

template <class Vjp, class Output>
auto call(const Vjp& vjp, const Tensor& dy, const Output& output, Node& node) {
  if constexpr (takes_output<Vjp>) {
    return vjp(dy, output.get(node));
  } else {
    return vjp(dy);
  }
}

/// What nodes of both forms share: edges, closures that may be let go, the saved output.
template <std::size_t n, class... Vjp>
class ClosureNode : public Node {
 public:
  std::span<const Edge> inputs() const override { return edges_; }

  void release_saved() override {
    if constexpr (owns_something) {
      std::apply([](auto&... vjp) { (vjp.reset(), ...); }, vjps_);
      output_.reset();
      released_ = true;
    }
  }

  std::vector<Tensor> saved() const override {
    if constexpr (!owns_something) return {};
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

  void check_not_released() const {
    if (released_) fail_released();
  }

  std::array<Edge, n> edges_;
  std::tuple<std::optional<Vjp>...> vjps_;
  std::optional<Output> output_;
  bool released_ = false;
};

/// A closure for each input. Those of inputs without an edge are dropped, with what they saved.
template <class... Vjp>
class PartialsNode final : public ClosureNode<sizeof...(Vjp), Vjp...> {
 public:
  PartialsNode(const Tensor& y, Wrt<Vjp>&... terms) : ClosureNode<sizeof...(Vjp), Vjp...>(y) {
    set(std::index_sequence_for<Vjp...>(), terms...);
  }

  void backward(const Tensor& dy, std::span<Tensor> dinputs) override {
    this->check_not_released();
    run(dy, dinputs, std::index_sequence_for<Vjp...>());
  }

 private:
  template <std::size_t... i>
  void set(std::index_sequence<i...>, Wrt<Vjp>&... terms) {
    ((this->edges_[i] = node_of(terms.input)), ...);
    ((this->edges_[i] ? void(std::get<i>(this->vjps_).emplace(std::move(terms.vjp))) : void()), ...);
  }

  template <std::size_t... i>
  void run(const Tensor& dy, std::span<Tensor> dinputs, std::index_sequence<i...>) {
    const auto one = [&](const auto& vjp, const Edge& edge, Tensor& dx) {
      if (edge && edge->is_needed) dx = call(*vjp, dy, *this->output_, *this);
    };
    (one(std::get<i>(this->vjps_), this->edges_[i], dinputs[i]), ...);
  }
};

/// One closure that returns the gradients of all inputs.
template <class Vjp>
class JointNode final : public ClosureNode<0, Vjp> {
 public:
  JointNode(const Tensor& y, std::span<const Tensor> inputs, Vjp& vjp) : ClosureNode<0, Vjp>(y) {
    for (const Tensor& input : inputs) edges_.push_back(node_of(input));
    std::get<0>(this->vjps_).emplace(std::move(vjp));
  }

  std::span<const Edge> inputs() const override { return edges_; }

  void backward(const Tensor& dy, std::span<Tensor> dinputs) override {
    this->check_not_released();
    auto gradients = call(*std::get<0>(this->vjps_), dy, *this->output_, *this);
    std::ranges::move(gradients, dinputs.begin());
  }

 private:
  std::vector<Edge> edges_;
};

bool should_record(const Tensor& y, std::span<const Tensor> inputs);
/// Links `y`, freshly made, to its node.
inline Tensor&& linked(Tensor& y, Node* node) {
  y.body().set_link(Ref<GraphLink>(node));
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
