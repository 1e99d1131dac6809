// Bilinear pooling: which features are active together, as one vector an image. Written out. It is
// also a module, models::BilinearPooling.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

/// (N, D, H, W) -> (N, D * D).
static Tensor bilinear_pooling(const Tensor& features) {
  const std::int64_t n = features.size(0), d = features.size(1), h = features.size(2), w = features.size(3);
  Tensor x = features.reshape({n, d, h * w});
  x = bmm(x, x.transpose(1, 2)) / (h * w);
  x = x.reshape({n, d * d});
  x = sign(x) * sqrt(abs(x) + 1e-5);
  return normalize(x);
}

int main() {
  manual_seed(0);
  const Tensor features = randn({2, 8, 7, 7}, {.requires_grad = true});
  const Tensor pooled = bilinear_pooling(features);
  pooled.sum().backward();
  std::cout << "pooled   " << pooled.shape() << "\n"
            << "lengths  " << norm(pooled, 2, {1}).shape() << ", each 1: " << std::boolalpha
            << allclose(norm(pooled, 2, {1}), ones({2})) << "\n"
            << "gradient " << features.grad().shape() << "\n";
}

// clang-format off
/* Prints:
pooled   [2, 64]
lengths  [2], each 1: true
gradient [2, 8, 7, 7]
*/
