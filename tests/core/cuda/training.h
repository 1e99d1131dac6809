#pragma once

#include "ebb/core/random/generator.h"
#include "ebb/nn.h"
#include "ebb/tensor.h"

namespace ebb::test {

/// A net, an optimizer and what a step needs, twice the same: for steps at once and by a graph.
template <class Optimizer>
struct Training {
  template <class Options>
  Training(const Options& options, double p)
      : net(make(p)), optimizer(net.parameters(), options), x(zeros({4, 3}, {.device = kCUDA})) {
    net.to(kCUDA);
  }

  static nn::Sequential make(double p) {
    manual_seed(1);
    return nn::sequential({nn::linear(3, 8), nn::relu(), nn::dropout(p), nn::linear(8, 2)});
  }

  void step() {
    optimizer.zero_grad();
    loss = (net(x) * net(x)).sum();
    loss.backward();
    optimizer.step();
  }

  nn::Sequential net;
  Optimizer optimizer;
  Tensor x, loss;
};

}  // namespace ebb::test
