// Initialisation by type of layer, in one loop over all modules; and one weight given as a tensor.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  manual_seed(0);
  models::ConvNet net;
  for (nn::Module* module : net.modules()) {
    if (auto* conv = dynamic_cast<nn::Conv2d*>(module)) {
      nn::init::kaiming_normal_(conv->weight, {.mode = nn::init::FanMode::fan_out, .nonlinearity = "relu"});
      nn::init::constant_(conv->bias, 0);
    } else if (auto* norm = dynamic_cast<nn::BatchNorm2d*>(module)) {
      nn::init::constant_(norm->weight, 1);
      nn::init::constant_(norm->bias, 0);
    } else if (auto* linear = dynamic_cast<nn::Linear*>(module)) {
      nn::init::xavier_normal_(linear->weight);
      nn::init::constant_(linear->bias, 0);
    }
  }
  auto& first = net["layer1.0"].as<nn::Conv2d>();
  first.weight = full(first.weight->shape(), 0.04);
  std::cout << first.weight->mean().item<float>() << " " << first.bias->sum().item<float>() << "\n";
}

// clang-format off
/* Prints:
0.04 0
*/
