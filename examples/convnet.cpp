// The ConvNet of the tutorials, trained for one epoch and saved for Python.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

struct ConvNet : nn::Module {
  nn::Child<nn::Sequential> layer1{
      this, "layer1",
      nn::sequential({nn::conv2d({.in_channels = 1, .out_channels = 16, .kernel_size = 5, .padding = 2}),
                      nn::batch_norm2d(16), nn::relu(), nn::max_pool2d({.kernel_size = 2})})};
  nn::Child<nn::Sequential> layer2{
      this, "layer2",
      nn::sequential({nn::conv2d({.in_channels = 16, .out_channels = 32, .kernel_size = 5, .padding = 2}),
                      nn::batch_norm2d(32), nn::relu(), nn::max_pool2d({.kernel_size = 2})})};
  nn::Child<nn::Layer> fc{this, "fc", nn::linear(7 * 7 * 32, 10)};

  Tensor operator()(const Tensor& x) const { return fc(layer2(layer1(x)).flatten(1)); }
};

int main() {
  manual_seed(0);
  ConvNet net;
  optim::Adam optimizer(net.parameters(), {.lr = 1e-3});
  for (auto& [images, labels] : data::loader(data::synthetic("train"), {.batch_size = 100, .shuffle = true})) {
    const Tensor loss = cross_entropy(net(images), labels);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  net.eval();
  const data::Dataset test = data::synthetic("test");
  const Tensor correct = no_grad([&] { return (net(test.images).argmax(1) == test.labels).sum(); });
  std::cout << "more than 4 of 5 right: " << std::boolalpha << (5 * correct.item<int>() > 4 * test.labels.numel())
            << "\n";
  io::save("convnet.pth", net.state_dict());  // Python: torch.load("convnet.pth", weights_only=True)
}

// clang-format off
/* Prints:
more than 4 of 5 right: true
*/
