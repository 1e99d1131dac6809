// All layers together: ops, gradients and modules with their tensors on the GPU.
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/core/random/generator.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/optim/adam.h"
#include "ebb/nn/optim/sgd.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

nn::Sequential small_net() {
  return nn::sequential({nn::conv2d({.in_channels = 1, .out_channels = 4, .kernel_size = 3, .padding = 1}),
                         nn::batch_norm2d(4), nn::relu(), nn::max_pool2d({.kernel_size = 2}),
                         nn::conv2d({.in_channels = 4, .out_channels = 6, .kernel_size = 3}), nn::batch_norm2d(6),
                         nn::relu(), nn::max_pool2d({.kernel_size = 2}), nn::flatten(), nn::linear(6, 5)});
}

/// The loss of each of a few steps.
std::vector<float> train(nn::Sequential& net, const Tensor& x, const Tensor& target, int steps) {
  optim::SGD optimizer(net.parameters(), {.lr = 0.1, .momentum = 0.9});
  std::vector<float> losses;
  for (int step = 0; step < steps; ++step) {
    const Tensor loss = cross_entropy(net(x), target);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    losses.push_back(loss.item<float>());
  }
  return losses;
}

}  // namespace

TEST_CASE("a small ConvNet learns the same on both devices") {
  manual_seed(0);
  nn::Sequential on_cpu = small_net(), on_gpu_net = on_cpu;
  on_gpu_net.to(kCUDA);
  const Tensor x = randn({4, 1, 8, 8});
  const Tensor target = arange(4);
  const auto expected = train(on_cpu, x, target, 3), actual = train(on_gpu_net, x.to(kCUDA), target.to(kCUDA), 3);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(actual[i] == Approx(expected[i]).epsilon(1e-3));
  const auto cpu_parameters = on_cpu.parameters(), gpu_parameters = on_gpu_net.parameters();
  REQUIRE(cpu_parameters.size() == gpu_parameters.size());
  for (std::size_t i = 0; i < cpu_parameters.size(); ++i) {
    CHECK(gpu_parameters[i].device() == kCUDA);
    require_close(gpu_parameters[i], cpu_parameters[i], 1e-3);
  }
}

TEST_CASE("the states of an optimizer go after parameters that went to another device") {
  const Tensor x = randn({4, 3});
  const auto weight_after = [&](Device device) {
    manual_seed(7);
    nn::Sequential net = nn::sequential({nn::linear(3, 2)});
    optim::Adam optimizer(net.parameters(), {.lr = 0.1});
    for (const Device place : {Device(kCPU), device, Device(kCPU)}) {
      net.to(place);
      optimizer.zero_grad();
      net(x.to(place)).sum().backward();
      optimizer.step();
    }
    return net.parameters()[0].detach();
  };
  require_close(weight_after(kCUDA), weight_after(kCPU), 1e-6);
}

TEST_CASE("after the first steps training asks the GPU for no more memory") {
  manual_seed(0);
  nn::Sequential net = small_net();
  net.to(kCUDA);
  const Tensor x = randn({2, 1, 8, 8}).to(kCUDA), target = arange(2).to(kCUDA);
  train(net, x, target, 2);
  const std::uint64_t before = cuda_allocator(0).stats().from_system;
  train(net, x, target, 2);
  CHECK(cuda_allocator(0).stats().from_system == before);
}

TEST_CASE("tensors go to the GPU and back in any layout") {
  for (const DType dtype : {kBool, kUInt8, kInt32, kInt64, kFloat16, kBFloat16, kFloat32, kFloat64}) {
    for (const Shape& shape : {Shape{}, Shape{0, 3}, Shape{2, 3, 4, 5}}) {
      for (const Tensor& x : layouts_of(random_tensor(shape, dtype))) require_close(x.to(kCUDA), x, 0);
    }
  }
}

TEST_CASE("gradients flow through a change of device") {
  const Tensor x = random_tensor({3, 4}).requires_grad_();
  (x.to(kCUDA) * 3.0).sum().backward();
  require_close(x.grad(), full({3, 4}, 3.0), 0);
}

TEST_CASE("operands on two devices are refused") {
  CHECK_THROWS_AS(random_tensor({2, 2}).matmul(on_gpu(random_tensor({2, 2}))), Error);
}

TEST_CASE("a device that is not there is refused by name") {
  CHECK_THROWS_WITH(empty({2}, {.device = {DeviceType::cuda, 63}}), ContainsSubstring("cuda:63"));
}

}  // namespace ebb::test
