// A second input, joined to the features just before the head: calls may have any arguments.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

struct WithMetadata : nn::Module {
  nn::Child<models::ResNet> backbone{this, "backbone", models::resnet18()};
  nn::Child<nn::Linear> head;

  explicit WithMetadata(std::int64_t metadata) : head(this, "head", nn::linear(512 + metadata, 10)) {
    backbone->fc = nn::identity();
  }

  Tensor operator()(const Tensor& images, const Tensor& metadata) const {
    return head(cat({backbone(images), metadata}, 1));
  }
};

int main() {
  WithMetadata net(3);
  net.eval();
  std::cout << net(zeros({2, 3, 64, 64}), zeros({2, 3})).shape() << "\n";
}

// clang-format off
/* Prints:
[2, 10]
*/
