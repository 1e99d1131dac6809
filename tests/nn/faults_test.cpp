#include <functional>

#include "ebb/autograd/ops.h"
#include "ebb/io/pth.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/loading/checkpoint.h"
#include "ebb/nn/optim/optim.h"

#include "tests/support/catch.h"
#include "tests/support/counted_new.h"

using namespace ebb;

namespace {

struct Training {
  nn::Sequential net = nn::sequential({nn::linear(4, 8), nn::batch_norm1d(8), nn::linear(8, 1)});
  optim::Adam optimizer{net.parameters(), {.lr = 1e-2, .amsgrad = true}};
  optim::LinearLR warmup{optimizer, {.total_iters = 3}};
  optim::StepLR decay{optimizer, {.step_size = 2, .gamma = 0.5}};
  optim::SequentialLR scheduler{{&warmup, &decay}, {3}};
  nn::Checkpoint checkpoint{net, &optimizer, &scheduler};

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      optimizer.zero_grad();
      net(randn({6, 4})).pow(2).mean().backward();
      optimizer.step();
      scheduler.step();
      ++checkpoint.epoch;
    }
  }

  io::Bytes state() const { return io::write_pth(checkpoint.to_value()); }
};

/// In float64, so that a model takes it by conversions.
StateDict widened(const StateDict& dict) {
  StateDict wide;
  for (const auto& [name, tensor] : dict) wide.set(name, is_floating(tensor.dtype()) ? tensor.to(kFloat64) : tensor);
  return wide;
}

/// Runs out of memory at every place of `load`: nothing changes, and nothing leaks, until it succeeds.
void check_all_or_nothing(test::Requests kind, const Training& training, const std::function<void()>& load) {
  const io::Bytes before = training.state();
  int changes = 0;
  const int failures = test::with_failing_requests(kind, load, [&] { changes += training.state() == before ? 0 : 1; });
  CHECK((failures > 0 || kind == test::Requests::of_tensors));
  CHECK(changes == 0);
  std::size_t in_use[2];
  for (std::size_t& after : in_use) {
    test::with_failing_requests(kind, load, [] {});
    after = test::blocks_and_tensor_bytes();
  }
  CHECK(in_use[0] == in_use[1]);
}

}  // namespace

TEST_CASE("what is loaded is loaded whole, or not at all, wherever memory runs out") {
  manual_seed(1);
  Training from, to;
  from.run(5);
  to.run(2);
  const Value saved = io::read_pth(from.state());
  const test::Requests kind = GENERATE(test::Requests::of_new, test::Requests::of_tensors);
  SECTION("a checkpoint") {
    check_all_or_nothing(kind, to, [&] { to.checkpoint.restore(saved); });
    CHECK(to.state() == from.state());
  }
  SECTION("a state dict of another dtype") {
    const StateDict dict = widened(from.net.state_dict());
    check_all_or_nothing(kind, to, [&] { to.net.load_state_dict(dict); });
    CHECK(equal(to.net.parameters()[0], from.net.parameters()[0]));
  }
  SECTION("an optimizer's state") {
    check_all_or_nothing(kind, to, [&] { to.optimizer.load_state_dict(saved["optimizer"]); });
    CHECK(io::write_pth(to.optimizer.state_dict()) == io::write_pth(from.optimizer.state_dict()));
  }
  SECTION("a scheduler's state") {
    check_all_or_nothing(kind, to, [&] { to.scheduler.load_state_dict(saved["lr_scheduler"]); });
    CHECK(io::write_pth(to.scheduler.state_dict()) == io::write_pth(from.scheduler.state_dict()));
  }
}
