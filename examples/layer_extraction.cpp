// Taking layers out of a model: the first children as a net of their own, all convolutions with their paths, and what
// modules() gives that children() does not.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  models::ConvNet net;
  std::cout << "children:";
  for (const auto& [name, child] : net.named_children()) std::cout << " " << name;
  std::cout << "\nmodules: " << net.modules().size() << ", the net itself first\nconvolutions:";
  for (const auto& [path, module] : net.named_modules()) {
    if (dynamic_cast<nn::Conv2d*>(module) != nullptr) std::cout << " " << path;
  }

  // The same layers, not copies: training one trains the other.
  const nn::Sequential first_two = nn::sequential(nn::layers(net, 0, 2));
  std::cout << "\nfeatures " << first_two(zeros({1, 1, 28, 28})).shape() << "\n";
  std::cout << "shared: " << std::boolalpha
            << (first_two.parameters()[0].data<float>() == net.parameters()[0].data<float>()) << "\n";
}

// clang-format off
/* Prints:
children: layer1 layer2 fc
modules: 12, the net itself first
convolutions: layer1.0 layer2.0
features [1, 32, 7, 7]
shared: true
*/
