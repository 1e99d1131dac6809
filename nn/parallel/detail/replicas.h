#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ebb/comm/communicator.h"
#include "ebb/nn/layer.h"

namespace ebb::nn {

std::vector<Tensor> trained_parameters(const Module& net);

/// Copies of a network on several devices, each with a part of one input, from forward to backward.
class Replicas {
 public:
  /// `wants_input`: a gradient of the input, too.
  Replicas(const SharedLayer& net, std::span<const Device> devices, std::span<const Tensor> parts, bool wants_input);

  /// The networks' outputs, joined on the first device; not recorded.
  Tensor forward();
  /// Those of the whole input, undefined where it wants none, and of each of the network's trained parameters, for the
  /// gradient of the joined output. May be called by several threads at once.
  std::vector<Tensor> gradients(const Tensor& dy);

 private:
  struct Replica {
    SharedLayer net;
    Tensor x, y;
    std::vector<Tensor> inputs;  // of the graph: x, where it wants a gradient, and the trained parameters
    std::uint64_t seed;
  };

  void run(const std::function<void(std::size_t, Replica&)>& body);
  std::vector<Tensor> joined(const std::vector<std::vector<Tensor>>& gradients) const;

  std::vector<Replica> replicas_;
  std::vector<std::shared_ptr<comm::Communicator>> ranks_;
  bool wants_input_;
};

}  // namespace ebb::nn
