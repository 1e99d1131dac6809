// Global average pooling: a head that takes images of any size.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

struct Classifier : nn::Module {
  nn::Child<nn::Conv2d> conv{this, "conv", nn::conv2d({.in_channels = 3, .out_channels = 16, .kernel_size = 3})};
  nn::Child<nn::AdaptiveAvgPool2d> pool{this, "pool", nn::adaptive_avg_pool2d(1)};
  nn::Child<nn::Linear> fc{this, "fc", nn::linear(16, 10)};

  Tensor operator()(const Tensor& x) const { return fc(pool(conv(x).relu()).flatten(1)); }
};

int main() {
  const Classifier net;
  for (const std::int64_t size : {16, 33, 64}) {
    std::cout << size << " x " << size << " -> " << net(zeros({2, 3, size, size})).shape() << "\n";
  }
}

// clang-format off
/* Prints:
16 x 16 -> [2, 10]
33 x 33 -> [2, 10]
64 x 64 -> [2, 10]
*/
