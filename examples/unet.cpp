// A U-Net, one training step and a prediction, on images whose sides are no power of two.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  manual_seed(0);
  models::UNet net(3, 2, /*bilinear=*/true, /*width=*/8);  // 64 wide in the paper
  optim::RMSprop optimizer(net.parameters(), {.lr = 1e-4, .weight_decay = 1e-8, .momentum = 0.9});
  const Tensor images = randn({2, 3, 37, 50}), masks = (images.select(1, 0) > 0).to(kInt64);
  const Tensor before = cross_entropy(net(images), masks);
  for (int step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    cross_entropy(net(images), masks).backward();
    optimizer.step();
  }
  std::cout << "the loss fell: " << std::boolalpha
            << (cross_entropy(net(images), masks).item<float>() < before.item<float>()) << "\n";
  net.eval();
  std::cout << "masks " << net(images).argmax(1).shape() << "\n";
}

// clang-format off
/* Prints:
the loss fell: true
masks [2, 37, 50]
*/
