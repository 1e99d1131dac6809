// A ResNet with another head, frozen but for it: the slot takes a module of any type. Published weights would come in
// before, by net.load_state_dict(io::load(path)).
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  models::ResNet net = models::resnet50();
  net.requires_grad_(false);
  net.fc = nn::sequential({{"fc1", nn::linear(2048, 128)},
                           {"relu1", nn::relu()},
                           {"dropout1", nn::dropout(0.5)},
                           {"fc2", nn::linear(128, 10)},
                           {"output", nn::softmax(1)}});
  std::vector<Tensor> trained;
  for (const auto& [name, parameter] : net.named_parameters()) {
    if (!parameter.requires_grad()) continue;
    std::cout << name << " " << parameter.shape() << "\n";
    trained.push_back(parameter);
  }
  optim::SGD optimizer(trained, {.lr = 1e-2, .momentum = 0.9});
  net.eval();
  std::cout << net(zeros({1, 3, 64, 64})).shape() << "\n";
}

// clang-format off
/* Prints:
fc.fc1.weight [128, 2048]
fc.fc1.bias [128]
fc.fc2.weight [10, 128]
fc.fc2.bias [10]
[1, 10]
*/
