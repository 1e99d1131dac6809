// What outlives a capture: the host must not remember what replays change, nor a graph what others may change.
#include <memory>
#include <vector>

#include "ebb/autograd/autocast/autocast.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/context.h"
#include "ebb/core/streams/graph.h"
#include "ebb/core/streams/stream.h"
#include "ebb/kernels/choice.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {
namespace {

Tensor drawn(const Shape& shape) { return randn(shape, {.device = kCUDA}); }

Tensor convolved(const Tensor& x, const Tensor& weight) {
  return no_grad([&] { return conv2d(x, weight, {}, {.padding = 1}); });
}

bool agree(const Tensor& a, const Tensor& b) { return equal(a.to(kCPU), b.to(kCPU)); }

}  // namespace

TEST_CASE("a convolution between replays takes the weight that they have left") {
  const Tensor x = drawn({2, 8, 6, 6}), step = full({8, 8, 3, 3}, 0.5, {.device = kCUDA});
  Tensor weight = drawn({8, 8, 3, 3});
  const auto train = [&] {
    convolved(x, weight);
    no_grad([&] { return weight.add_(step); });
  };
  train();
  cuda::Graph graph;
  graph.capture(train);
  for (int i = 0; i < 3; ++i) {
    graph.replay();
    CHECK(agree(convolved(x, weight), convolved(x, weight.clone())));
  }
}

TEST_CASE("a weight that a step makes is another after each replay") {
  const Tensor x = drawn({2, 8, 6, 6});
  Tensor scale = ones({1}, {.device = kCUDA}), base = drawn({8, 8, 3, 3}), weight;
  cuda::Graph graph;
  graph.capture([&] {
    scale.add_(1);
    weight = base * scale;
  });
  for (int i = 0; i < 3; ++i) {
    graph.replay();
    CHECK(agree(convolved(x, weight), convolved(x, base * scale)));
  }
}

TEST_CASE("pinned memory that a captured copy writes to is the graph's until it is gone") {
  const Tensor x = full({1024}, 7, {.device = kCUDA});
  cuda::Graph graph;
  graph.capture([&] { static_cast<void>(x.to(kCPU, true)); });
  const Tensor other = ones({1024}).pin_memory();
  graph.replay();
  cuda::synchronize();
  CHECK(equal(other, ones({1024})));
}

TEST_CASE("a form of a weight that a graph makes is made in each graph") {
  const kernels::ForceImplementation by("conv2d", "float32");
  const Tensor x = drawn({2, 8, 6, 6}).to(kFloat16), weight = drawn({8, 8, 3, 3}).to(kFloat16);
  Tensor y;
  const auto step = [&] { y = convolved(x, weight); };
  step();
  const Tensor expected = y.clone();
  cuda::Graph graph;
  graph.capture(step);
  graph.capture(step);
  graph.replay();
  CHECK(agree(y, expected));
}

TEST_CASE("a graph does not read what autocast has kept outside of it, nor leave it what it makes") {
  const Tensor weight = drawn({64, 64}).requires_grad_(), x = drawn({64, 64});
  Tensor y, expected;
  cuda::Graph graph;
  const auto step = [&] { y = no_grad([&] { return mm(x, weight); }); };
  {
    const Autocast scope(kCUDA);
    step();
    expected = y.clone();
    graph.capture(step);
    CHECK(agree(no_grad([&] { return mm(x, weight); }), expected));  // nothing was replayed yet
  }
  std::vector<Tensor> others;  // would take the memory of the conversion
  for (int i = 0; i < 64; ++i) others.push_back(full({64, 64}, 3, {.device = kCUDA}).to(kFloat16));
  graph.replay();
  CHECK(agree(y, expected));
}

TEST_CASE("a graph keeps memory of its own GPU only") {
  emulator::set_device_count(2);
  const Device other{DeviceType::cuda, 1};
  static_cast<void>(full({1 << 20}, 1, {.device = other}));
  cuda_allocator(1).release_cached();
  const auto before = cuda_allocator(1).stats().cached;
  {
    cuda::Graph graph(0);
    graph.capture([&] {
      static_cast<void>(full({4}, 1, {.device = kCUDA}));
      static_cast<void>(full({30 << 20}, 1, {.device = other}));
    });
  }
  cuda_allocator(1).release_cached();
  CHECK(cuda_allocator(1).stats().cached == before);
  emulator::set_device_count(1);
}

TEST_CASE("a graph may go while another is captured") {
  Tensor x = ones({1 << 20}, {.device = kCUDA});
  auto first = std::make_unique<cuda::Graph>();
  first->capture([&] { static_cast<void>(x * 2 + 1); });
  cuda::Graph second;
  second.capture([&] {
    first.reset();
    x.mul_(2);
  });
  second.replay();
  CHECK(agree(x, full({1 << 20}, 2)));
}

}  // namespace ebb::test
