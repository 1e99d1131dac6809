// Graphs: captured steps give what the steps themselves would.
#include <string>
#include <vector>

#include "ebb/core/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/streams/graph.h"
#include "ebb/core/streams/stream.h"
#include "ebb/nn.h"
#include "ebb/optim.h"
#include "ebb/tensor.h"

#include "tests/core/cuda/training.h"
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {
namespace {

std::string failure_of(const std::function<void()>& step) {
  cuda::Graph graph;
  std::string told;
  try {
    graph.capture(step);
  } catch (const Error& error) {
    told = error.what();
  }
  CHECK_FALSE(graph.is_captured());
  CHECK_FALSE(cuda::is_capturing());
  return told;
}

}  // namespace

TEST_CASE("a graph computes nothing when captured, and the step at each replay") {
  Tensor x = zeros({3}, {.device = kCUDA}), y = zeros({3}, {.device = kCUDA});
  cuda::Graph graph;
  CHECK_FALSE(graph.is_captured());
  CHECK_THROWS_WITH(graph.replay(), ContainsSubstring("call capture(step) first"));
  graph.capture([&] {
    CHECK(cuda::is_capturing());
    y.copy_((x + 1) * 2);
  });
  CHECK(graph.is_captured());
  CHECK(equal(y.to(kCPU), zeros({3})));
  x.fill_(4);
  const auto before = emulator::statistics();
  graph.replay();
  CHECK(emulator::statistics().graph_launches == before.graph_launches + 1);
  CHECK(emulator::statistics().host_waits == before.host_waits);
  CHECK(equal(y.to(kCPU), full({3}, 10)));
  graph.reset();
  CHECK_FALSE(graph.is_captured());
}

TEST_CASE("values that a graph reads anew may lie ahead of it by several replays") {
  Training<optim::SGD> eager(optim::SGDOptions{.lr = 0.5}, 0), replayed(optim::SGDOptions{.lr = 0.5}, 0);
  eager.x.fill_(1), replayed.x.fill_(1);
  eager.step(), replayed.step();
  cuda::Graph graph;
  graph.capture([&] { replayed.step(); });
  {
    const emulator::LazyStreams lazy;
    const auto waits = emulator::statistics().host_waits;
    for (int i = 0; i < 4; ++i) {
      replayed.optimizer.set_lr(0.01 * i);
      graph.replay();
    }
    CHECK(emulator::statistics().host_waits == waits);
  }
  for (int i = 0; i < 4; ++i) {
    eager.optimizer.set_lr(0.01 * i);
    eager.step();
  }
  CHECK(equal(replayed.loss.to(kCPU), eager.loss.to(kCPU)));
}

TEST_CASE("replays on two streams come one after the other") {
  Tensor x = zeros({3}, {.device = kCUDA});
  cuda::Graph graph;
  graph.capture([&] { x.mul_(2).add_(1); });
  cuda::synchronize();
  const cuda::Stream side;
  const emulator::LazyStreams lazy;
  graph.replay();
  {
    const cuda::StreamGuard guard(side);
    graph.replay();
  }
  side.synchronize();
  CHECK(*x.data<float>() == 3);
}

TEST_CASE("a graph with a stream beside its own") {
  Tensor x = full({3}, 2, {.device = kCUDA}), y = zeros({3}, {.device = kCUDA});
  cuda::Graph graph;
  const cuda::Stream side;
  graph.capture([&] {
    const cuda::Stream main = cuda::current_stream();
    side.wait_stream(main);
    {
      const cuda::StreamGuard guard(side);
      y.copy_(x * 5);
    }
    main.wait_stream(side);
  });
  graph.replay();
  CHECK(equal(y.to(kCPU), full({3}, 10)));
  CHECK_THAT(failure_of([&] {
               side.wait_stream(cuda::current_stream());
               const cuda::StreamGuard guard(side);
               y.add_(1);
             }),
             ContainsSubstring("cudaErrorStreamCaptureUnjoined"));
}

TEST_CASE("what a graph cannot hold is an error with the op and the line, and leaves all as it was") {
  Tensor x = ones({3}, {.device = kCUDA});
  const std::size_t used = cuda_allocator(0).stats().allocated;
  int line = 0;
  const auto names_line = [&] { return ContainsSubstring("graph_test.cpp:" + std::to_string(line)); };
  std::string told = failure_of([&] {
    line = __LINE__ + 1;
    static_cast<void>(x.sum().item<float>());
  });
  CHECK_THAT(told,
             ContainsSubstring("item > to: reads a value of the GPU") && ContainsSubstring("captured") && names_line());
  told = failure_of([&] {
    line = __LINE__ + 1;
    x.copy_(ones({3}).to(kCUDA));
  });
  CHECK_THAT(told, ContainsSubstring("to: copies from memory of the CPU that is not pinned") && names_line());
  told = failure_of([&] { cuda::current_stream().synchronize(); });
  CHECK_THAT(told, ContainsSubstring("waits for the GPU, which is not possible while a graph is captured"));
  told = failure_of([&] { cuda::synchronize(); });
  CHECK_THAT(told, ContainsSubstring("not possible while a graph is captured"));
  told = failure_of([&] {
    cuda::Graph inner;
    inner.capture([] {});
  });
  CHECK_THAT(told, ContainsSubstring("captures a graph already"));
  told = failure_of([] { fail("of the step's own"); });
  CHECK_THAT(told, ContainsSubstring("of the step's own"));
  CHECK(cuda_allocator(0).stats().allocated == used);
  CHECK(equal((x + 1).to(kCPU), full({3}, 2)));
  cuda::Graph graph;
  graph.capture([&] { x.add_(1); });
  graph.replay();
  CHECK(equal(x.to(kCPU), full({3}, 2)));
}

TEST_CASE("a graph has memory of its own, which goes back with it") {
  cuda_allocator(0).release_cached();
  Tensor x = ones({1 << 20}, {.device = kCUDA});
  const AllocatorStats before = cuda_allocator(0).stats();
  const auto frees = emulator::statistics().frees;
  {
    cuda::Graph graph;
    Tensor y;
    graph.capture([&] { y = (x + 1) * 3; });
    const Tensor other = empty({1 << 20}, {.device = kCUDA});
    CHECK(other.raw_data() != y.raw_data());
    graph.replay();
    CHECK(equal(y.to(kCPU), full({1 << 20}, 6)));
  }
  CHECK(emulator::statistics().frees > frees);
  cuda_allocator(0).release_cached();
  CHECK(cuda_allocator(0).stats().allocated == before.allocated);
  CHECK(cuda_allocator(0).stats().cached == before.cached);
}

TEST_CASE("what the step frees while it is captured stays the graph's") {
  Tensor x = full({1000}, 2, {.device = kCUDA}), y = zeros({1000}, {.device = kCUDA});
  cuda::Graph graph;
  graph.capture([&] {
    y.copy_(x);
    x = {};
  });
  const Tensor other = full({1000}, 9, {.device = kCUDA});  // would take the memory of x
  graph.replay();
  CHECK(equal(y.to(kCPU), full({1000}, 2)));
}

TEST_CASE("an optimizer is captured after its first step, and neither loaded nor gone before the graph") {
  Training<optim::SGD> training(optim::SGDOptions{.lr = 0.1, .momentum = 0.9}, 0);
  training.x.fill_(1);
  CHECK_THAT(failure_of([&] { training.step(); }), ContainsSubstring("call step() once before"));
  training.step();
  cuda::Graph graph;
  graph.capture([&] { training.step(); });
  CHECK_NOTHROW(graph.replay());
  training.optimizer.param_groups()[0].options.momentum = 0;
  CHECK_THROWS_WITH(graph.replay(), ContainsSubstring("capture again"));
  training.optimizer.param_groups()[0].options.momentum = 0.9;
  CHECK_NOTHROW(graph.replay());
  training.optimizer.load_state_dict(training.optimizer.state_dict());
  CHECK_THROWS_WITH(graph.replay(), ContainsSubstring("was loaded"));
  auto gone = std::make_unique<optim::Adam>(training.net.parameters());
  gone->step();
  graph.capture([&] { gone->step(); });
  gone.reset();
  CHECK_THROWS_WITH(graph.replay(), ContainsSubstring("is gone"));
}

TEST_CASE("cuBLAS is there before a capture, or an error says how") {
  const TensorOptions doubles{.dtype = kFloat64, .device = kCUDA};  // which go to cuBLAS
  const Tensor a = ones({5, 5}, doubles);
  Tensor y = zeros({5, 5}, doubles);
  static_cast<void>(matmul(a, a));
  cuda::Graph graph;
  graph.capture([&] { y.copy_(matmul(a, a)); });
  graph.replay();
  CHECK(equal(y.to(kCPU), full({5, 5}, 5, {.dtype = kFloat64})));
  const cuda::Stream fresh(0, -1);  // has no handle yet
  CHECK_THAT(failure_of([&] {
               fresh.wait_stream(cuda::current_stream());
               const cuda::StreamGuard guard(fresh);
               static_cast<void>(matmul(a, a));
             }),
             ContainsSubstring("cuBLAS is used for the first time") && ContainsSubstring("run the step once before"));
}

}  // namespace ebb::test
