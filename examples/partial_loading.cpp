// Partly pretrained models: what is common is taken from another model, the rest stays.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  models::ConvNet pretrained(10), net(3);  // another number of classes: fc does not fit
  StateDict common;
  const StateDict own = net.state_dict();
  for (const auto& [name, tensor] : pretrained.state_dict()) {
    const Tensor* mine = own.find(name);
    if (mine != nullptr && mine->shape() == tensor.shape()) common.set(name, tensor);
  }
  const auto result = net.load_state_dict(common, {.strict = false});
  std::cout << common.size() << " of " << own.size() << " tensors taken; missing:";
  for (const std::string& key : result.missing_keys) std::cout << " " << key;
  std::cout << "\n";
  try {
    net.load_state_dict(pretrained.state_dict());
  } catch (const Error& error) {
    std::cout << error.what() << "\n";
  }
}

// clang-format off
/* Prints:
14 of 16 tensors taken; missing: fc.weight fc.bias
Error(s) in loading state_dict for ConvNet:
	size mismatch for fc.weight: copying a param with shape torch.Size([10, 1568]) from checkpoint, the shape in current model is torch.Size([3, 1568]).
	size mismatch for fc.bias: copying a param with shape torch.Size([10]) from checkpoint, the shape in current model is torch.Size([3]).
*/
