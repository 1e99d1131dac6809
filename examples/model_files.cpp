// Files that hold a model: told by its weights, or saved whole, as Python saves and loads it.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  io::save("net.pth", models::resnet18({.num_classes = 4}).state_dict());
  const interop::Opened opened = interop::open("net.pth");  // Python's files, too
  std::cout << opened.model.name << " for " << opened.model.classes << " classes\n";

  // torch.load("whole.pth", weights_only=False) makes a torch.nn.Sequential of this, and the other way round.
  interop::save_module("whole.pth", nn::sequential({nn::linear(4, 2), nn::relu()}));
  const nn::Layer net = interop::load_module("whole.pth");
  std::cout << net.module() << "\n" << net(ones({3, 4})).shape() << "\n";
}

// clang-format off
/* Prints:
resnet18 for 4 classes
Sequential(
  (0): Linear(in_features=4, out_features=2, bias=True)
  (1): ReLU()
)
[3, 2]
*/
