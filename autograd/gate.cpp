#include "ebb/autograd/gate.h"

#include <algorithm>
#include <utility>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/node.h"
#include "ebb/autograd/ops/create/creation.h"

namespace ebb::autograd {
namespace {

/// Where gradients wait for each other. A node has one output, so each tensor leaves through a Door, which hands its
/// gradient over and sends a token; the hall is older than its doors and hence visited after all of them.
class Hall final : public Node {
 public:
  Hall(std::span<const Tensor> tensors, std::function<void(std::span<Tensor>)> see)
      : Node("gate"), gradients(tensors.size()), see_(std::move(see)) {
    for (const Tensor& tensor : tensors) edges_.push_back(wants_grad(tensor) ? node_of(tensor) : Edge());
  }

  std::span<const Edge> inputs() const override { return edges_; }
  void backward(const Tensor& /*token*/, std::span<Tensor> dinputs) override {
    std::vector<Tensor> all = std::exchange(gradients, std::vector<Tensor>(edges_.size()));
    see_(all);
    std::ranges::move(all, dinputs.begin());
  }
  void release_saved() override {}
  std::vector<Tensor> saved() const override { return {}; }

  std::vector<Tensor> gradients;

 private:
  std::vector<Edge> edges_;
  std::function<void(std::span<Tensor>)> see_;
};

class Door final : public Node {
 public:
  Door(const Ref<Hall>& hall, std::size_t index) : Node("gate"), hall_(*hall), index_(index), edge_(hall.get()) {}

  std::span<const Edge> inputs() const override { return {&edge_, 1}; }
  void backward(const Tensor& dy, std::span<Tensor> dinputs) override {
    hall_.gradients[index_] = dy;
    dinputs[0] = zeros({});
  }
  void release_saved() override {}
  std::vector<Tensor> saved() const override { return {}; }

 private:
  Hall& hall_;  // kept alive by the edge
  std::size_t index_;
  Edge edge_;
};

}  // namespace

bool gate(std::span<Tensor> tensors, std::function<void(std::span<Tensor> gradients)> see) {
  if (!is_grad_enabled() || std::ranges::none_of(tensors, wants_grad)) return false;
  const auto hall = make_ref<Hall>(std::span<const Tensor>(tensors), std::move(see));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!wants_grad(tensors[i])) continue;
    tensors[i] = tensors[i].detach();
    set_node(tensors[i], Ref<Node>(new Door(hall, i)));
  }
  return true;
}

}  // namespace ebb::autograd
