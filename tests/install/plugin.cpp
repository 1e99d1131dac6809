// What a program that was not linked with ebb opens with dlopen().
#include <ebb/tensor.h>

using namespace ebb;

/// The gradient of the sum of 2 x + 1, summed over three elements: 6.
extern "C" double gradient() {
  const Tensor x = ones({3}, {.requires_grad = true});
  (x * 2 + 1).sum().backward();
  return x.grad().sum().item<double>();
}
