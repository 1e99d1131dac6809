// Partly pretrained models: what is common is taken from another model, the rest stays.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  models::ConvNet pretrained(10), net(3);  // another number of classes: fc does not fit
  const nn::LoadPlan plan = net.plan_load(pretrained.state_dict(), {.shape = nn::Mismatch::skip});
  std::cout << plan << "\n";
  plan.apply();  // all that the table says, or, with an error, nothing
  try {
    net.load_state_dict(pretrained.state_dict());
  } catch (const Error& error) {
    std::cout << error.what() << "\n";
  }
}

// clang-format off
/* Prints:
model      file       dtype and shape                           what
fc.weight  fc.weight  float32 [10, 1568] for float32 [3, 1568]  shape: skipped
fc.bias    fc.bias    float32 [10] for float32 [3]              shape: skipped
14 match, 0 dtype, 2 shape, 0 missing, 0 unexpected: can be applied
Error(s) in loading state_dict for ConvNet:
	size mismatch for fc.weight: copying a param with shape torch.Size([10, 1568]) from checkpoint, the shape in current model is torch.Size([3, 1568]).
	size mismatch for fc.bias: copying a param with shape torch.Size([10]) from checkpoint, the shape in current model is torch.Size([3]).
*/
