// Graphs of training steps, on any GPU: they give what the steps themselves would.
#include <vector>

#include "ebb/core/random/generator.h"
#include "ebb/cuda.h"
#include "ebb/nn.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/optim.h"
#include "ebb/tensor.h"

#include "tests/core/cuda/training.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

std::vector<Tensor> batches(int count) {
  manual_seed(5);
  std::vector<Tensor> all;
  for (int i = 0; i < count; ++i) all.push_back(randn({4, 3}));
  return all;
}

template <class Optimizer, class Options>
void check_replays(const Options& options, double p) {
  Training<Optimizer> eager(options, p), replayed(options, p);
  const std::vector<Tensor> xs = batches(8);
  manual_seed(3);
  std::vector<double> losses;
  for (int i = 0; i < 8; ++i) {
    if (i == 5) eager.optimizer.set_lr(eager.optimizer.lr() / 4);
    eager.x.copy_(xs[static_cast<std::size_t>(i)]);
    eager.step();
    losses.push_back(eager.loss.template item<double>());
  }
  manual_seed(3);
  cuda::Graph graph;
  for (int i = 0; i < 8; ++i) {
    if (i == 5) replayed.optimizer.set_lr(replayed.optimizer.lr() / 4);
    if (i == 2) graph.capture([&] { replayed.step(); });
    replayed.x.copy_(xs[static_cast<std::size_t>(i)]);
    if (i < 2) {
      replayed.step();
    } else {
      graph.replay();
    }
    CHECK(replayed.loss.template item<double>() == losses[static_cast<std::size_t>(i)]);
  }
  const auto expected = eager.net.parameters(), got = replayed.net.parameters();
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(equal(got[i].to(kCPU), expected[i].to(kCPU)));
}

/// A residual network with few channels, for values.
nn::Sequential narrow_net() {
  manual_seed(4);
  const auto shortcut = [](std::int64_t from, std::int64_t to) {
    return nn::sequential(
        {nn::conv2d({.in_channels = from, .out_channels = to, .kernel_size = 1, .stride = 2}), nn::batch_norm2d(to)});
  };
  return nn::sequential(
      {nn::conv2d({.in_channels = 3, .out_channels = 4, .kernel_size = 3, .padding = 1, .bias = false}),
       nn::batch_norm2d({.num_features = 4, .momentum = {}}), nn::relu(),
       nn::max_pool2d({.kernel_size = 3, .stride = 2, .padding = 1}), models::BasicBlock(4, 4),
       models::BasicBlock(4, 8, 2, shortcut(4, 8)), models::Bottleneck({.in_channels = 8, .channels = 2}),
       nn::adaptive_avg_pool2d({1, 1}), nn::flatten(), nn::dropout(0.3), nn::linear(8, 5)});
}

struct Steps {
  std::vector<float> losses;
  std::vector<Tensor> state;
};

Steps train(bool by_graph) {
  nn::Sequential net = narrow_net();
  net.to(kCUDA);
  optim::Adam optimizer(net.parameters(), {.lr = 0.01});
  optim::StepLR scheduler(optimizer, {.step_size = 2, .gamma = 0.5});
  const Tensor x = zeros({2, 3, 8, 8}, {.device = kCUDA}), target = zeros({2}, {.dtype = kInt64, .device = kCUDA});
  Tensor loss;
  const auto step = [&] {
    optimizer.zero_grad();
    loss = cross_entropy(net(x), target, {.label_smoothing = 0.1});
    loss.backward();
    const std::vector<Tensor> parameters = net.parameters();
    nn::clip_grad_norm_(parameters, {.max_norm = 1});
    optimizer.step();
  };
  cuda::Graph graph;
  Steps steps;
  for (int i = 0; i < 6; ++i) {
    manual_seed(static_cast<std::uint64_t>(i));
    x.copy_(randn({2, 3, 8, 8}));
    target.copy_(arange(2) + i % 3);
    if (by_graph && i == 2) graph.capture(step);
    by_graph&& i >= 2 ? graph.replay() : step();
    scheduler.step();
    steps.losses.push_back(loss.item<float>());
  }
  for (const auto& [name, t] : net.state_dict()) steps.state.push_back(t.to(kCPU));
  return steps;
}

}  // namespace

TEST_CASE("steps of every optimizer go on in replays as they would without, with other rates and random numbers") {
  check_replays<optim::SGD>(optim::SGDOptions{.lr = 0.05, .momentum = 0.9, .weight_decay = 0.01}, 0.5);
  check_replays<optim::SGD>(optim::SGDOptions{.lr = 0.05}, 0);
  check_replays<optim::Adam>(optim::AdamOptions{.lr = 0.01}, 0.5);
  check_replays<optim::Adam>(optim::AdamOptions{.lr = 0.01, .amsgrad = true}, 0);
  check_replays<optim::AdamW>(optim::AdamWOptions{.lr = 0.01}, 0.25);
  check_replays<optim::RMSprop>(optim::RMSpropOptions{.lr = 0.01, .momentum = 0.9, .centered = true}, 0);
  check_replays<optim::Adagrad>(optim::AdagradOptions{.lr = 0.01, .lr_decay = 0.1}, 0);
}

TEST_CASE("a captured training step gives the values of the step, with rates, counts and masks that change") {
  const Steps at_once = train(false), by_graph = train(true);
  CHECK(by_graph.losses == at_once.losses);
  REQUIRE(by_graph.state.size() == at_once.state.size());
  for (std::size_t i = 0; i < at_once.state.size(); ++i) CHECK(equal(by_graph.state[i], at_once.state[i]));
}

TEST_CASE("streams of a GPU compute side by side, and events order them") {
  const Tensor x = full({1 << 16}, 2, {.device = kCUDA});
  const cuda::Stream side;
  cuda::Event start(true), end(true);
  start.record();
  side.wait_stream(cuda::current_stream());
  Tensor y;
  {
    const cuda::StreamGuard guard(side);
    y = x * 3;
    for (int i = 0; i < 20; ++i) y = y + 1;
  }
  cuda::record_stream(x, side);
  cuda::current_stream().wait_stream(side);
  const Tensor z = (y * 2).to(kCPU, true);
  end.record();
  end.synchronize();
  CHECK(start.elapsed_time(end) >= 0);
  CHECK(z.is_pinned());
  CHECK(equal(z, full({1 << 16}, 52)));
}

}  // namespace ebb::test
