// Training steps: forward, loss, backward and the optimizer, of networks on synthetic images.
#include <memory>

#include "ebb/autograd/ops.h"
#include "ebb/core/random/generator.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"
#include "ebb/nn/optim/sgd.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/cases/suites.h"

namespace ebb::bench {
namespace {

constexpr std::int64_t classes = 10;

/// A network with all that its steps need. A class for each image, or, of a network that gives images, each pixel.
struct Training {
  nn::Layer net;
  Tensor x, target;
  optim::SGD optimizer;

  Training(nn::Layer made, const Shape& input, DType dtype, Device device, MemoryFormat format)
      : net(moved(std::move(made), dtype, device)),
        x(randn(input).to(dtype).to(device).contiguous(format)),
        optimizer(net.module().parameters(), {.lr = 1e-3, .momentum = 0.9}) {
    Shape shape = net(x.narrow(0, 0, 2)).shape();
    shape[0] = input[0];
    shape.erase(1);
    target = randint(0, classes, shape).to(device);
  }

  static nn::Layer moved(nn::Layer net, DType dtype, Device device) {
    net.module().to(dtype).to(device);
    return net;
  }

  Tensor operator()() {
    optimizer.zero_grad();
    const Tensor loss = cross_entropy(net(x), target);
    loss.backward();
    optimizer.step();
    return loss.detach();
  }
};

Case step_case(const std::string& name, const Shape& input, std::function<nn::Layer()> make) {
  Case c{.family = "step", .op = name, .sizes = size_text(input), .inputs = {input}, .passes = {{"step", {}, {}}}};
  c.make_step = [input, make = std::move(make)](DType dtype, Device device, MemoryFormat format) -> Step {
    manual_seed(0);
    const auto training = std::make_shared<Training>(make(), input, dtype, device, format);
    return [training] { return (*training)(); };
  };
  return c;
}

}  // namespace

std::vector<Case> step_cases() {
  return {step_case("convnet", {100, 1, 28, 28}, [] { return models::ConvNet(classes); }),
          step_case("resnet18", {4, 3, 224, 224}, [] { return models::resnet18({.num_classes = classes}); }),
          step_case("unet", {2, 3, 128, 128}, [] { return models::UNet(3, classes, false, 16); })};
}

}  // namespace ebb::bench
