// Ten lines that train: a straight line through points, and the graph that backward walks.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  manual_seed(0);
  const Tensor x = randn({100, 1}), y = x * 3 + 2;
  const Tensor w = zeros({1}, {.requires_grad = true}), b = zeros({1}, {.requires_grad = true});
  optim::SGD optimizer({w, b}, {.lr = 0.1});
  for (int step = 0; step < 100; ++step) {
    const Tensor loss = mse_loss(x * w + b, y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  std::cout << "w " << w << "\nb " << b << "\n";
  for (const GraphNode& node : graph(square(x * w + b - y).mean())) {
    std::cout << node.name << " at " << to_string(node.site) << ", keeps " << node.saved.size() << " tensors\n";
  }
}

// clang-format off
/* Prints:
w tensor([3.0000], requires_grad=True)
b tensor([2.0000], requires_grad=True)
mean at autograd.cpp:20, keeps 0 tensors
pow at autograd.cpp:20, keeps 1 tensors
sub at autograd.cpp:20, keeps 0 tensors
add at autograd.cpp:20, keeps 0 tensors
mul at autograd.cpp:20, keeps 1 tensors
leaf at autograd.cpp:11, keeps 0 tensors
leaf at autograd.cpp:11, keeps 0 tensors
*/
