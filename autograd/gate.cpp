#include "ebb/autograd/gate.h"

#include <algorithm>
#include <utility>

#include "ebb/autograd/engine/pass.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"

namespace ebb::autograd {
namespace {

/// Where the gradients of all tensors of a gate meet. A node has one output, so each tensor leaves through a
/// GateOutput, which leaves its gradient with the pass and sends a token on; the gate is older than its outputs and
/// hence visited after all of them.
class Gate final : public Node {
 public:
  Gate(std::span<const Tensor> tensors, GateFunction see) : Node("gate"), see_(std::move(see)) {
    std::uint64_t newest = 0;
    for (const Tensor& tensor : tensors) {
      const Edge& edge = edges_.emplace_back(wants_grad(tensor) ? node_of(tensor) : Edge());
      if (edge) newest = std::max(newest, edge->id);
    }
    id = id_above(newest);
  }

  std::span<const Edge> inputs() const override { return edges_; }
  void backward(Pass& pass, const Tensor& /*token*/, std::span<Tensor> dinputs) override {
    std::vector<Tensor> all = std::exchange(gradients(pass), {});
    see_(pass, all);
    std::ranges::move(all, dinputs.begin());
  }
  void release_saved() override {}
  std::vector<Tensor> saved() const override { return {}; }

  /// Those that have arrived in this pass.
  std::vector<Tensor>& gradients(Pass& pass) const {
    auto& gradients = pass.kept_for(this);
    gradients.resize(edges_.size());
    return gradients;
  }

 private:
  std::vector<Edge> edges_;
  GateFunction see_;
};

class GateOutput final : public Node {
 public:
  GateOutput(const Ref<Gate>& gate, std::size_t index, const Shape& of)
      : Node("gate", of), gate_(*gate), index_(index), edge_(gate.get()) {
    id = id_above(gate->id);
  }

  std::span<const Edge> inputs() const override { return {&edge_, 1}; }
  void backward(Pass& pass, const Tensor& dy, std::span<Tensor> dinputs) override {
    gate_.gradients(pass)[index_] = dy;
    dinputs[0] = zeros({});
  }
  void release_saved() override {}
  std::vector<Tensor> saved() const override { return {}; }

 private:
  Gate& gate_;  // kept alive by the edge
  std::size_t index_;
  Edge edge_;
};

}  // namespace

bool gate(std::span<Tensor> tensors, GateFunction see) {
  if (!is_grad_enabled() || std::ranges::none_of(tensors, wants_grad)) return false;
  const auto gate = make_ref<Gate>(std::span<const Tensor>(tensors), std::move(see));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!wants_grad(tensors[i])) continue;
    tensors[i] = tensors[i].detach();
    set_node(tensors[i], Ref<Node>::first(new GateOutput(gate, i, tensors[i].shape())));
  }
  return true;
}

}  // namespace ebb::autograd
