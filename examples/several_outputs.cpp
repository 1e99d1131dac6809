// Several outputs, and one backward pass through the sum of their losses.
#include <iostream>
#include <utility>

#include <ebb/ebb.h>

using namespace ebb;

struct TwoHeads : nn::Module {
  nn::Child<nn::Linear> body{this, "body", nn::linear(8, 16)};
  nn::Child<nn::Linear> kind{this, "kind", nn::linear(16, 3)};
  nn::Child<nn::Linear> size{this, "size", nn::linear(16, 1)};

  std::pair<Tensor, Tensor> operator()(const Tensor& x) const {
    const Tensor features = body(x).relu();
    return {kind(features), size(features)};
  }
};

int main() {
  manual_seed(0);
  const TwoHeads net;
  const auto [kind, size] = net(randn({4, 8}));
  const Tensor loss = cross_entropy(kind, tensor({0, 1, 2, 0})) + 10 * mse_loss(size, ones({4, 1}));
  loss.backward();
  for (const auto& [name, parameter] : net.named_parameters()) {
    std::cout << name << " has a gradient: " << std::boolalpha << parameter.grad().defined() << "\n";
  }
}

// clang-format off
/* Prints:
body.weight has a gradient: true
body.bias has a gradient: true
kind.weight has a gradient: true
kind.bias has a gradient: true
size.weight has a gradient: true
size.bias has a gradient: true
*/
