#include <atomic>

#include "ebb/comm/threads.h"
#include "ebb/ebb.h"

#include "tests/nn/parallel/ddp_checks.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::Values;
using test::values;

namespace {

/// Two layers, of which a flag leaves out the first.
struct Net : nn::Module {
  Tensor operator()(const Tensor& x, bool skips = false) const { return last(skips ? x : first(x)); }
  nn::Child<nn::Linear> first{this, "first", nn::linear(2, 2)};
  nn::Child<nn::Linear> last{this, "last", nn::linear(2, 1)};
};

}  // namespace

TEST_CASE("networks on several ranks train as one process on the whole batch", "[parallel]") {
  const int size = GENERATE(1, 2, 3, 4, 8);
  INFO(size << " ranks");
  CHECK_NOTHROW(
      comm::run_on_threads(size, [](comm::Communicator& ranks) { test::check_data_parallel(ranks.split(0)); }));
}

TEST_CASE("a gradient is sent when it is complete, long before the end of backward", "[parallel]") {
  const Tensor w1 = test::leaf({2}), w2 = test::leaf({3}), x = test::leaf({5});
  std::vector<std::string> events;
  auto h1 =
      w1.register_post_accumulate_grad_hook([&] { events.push_back("w1 " + std::to_string(w1.grad().item<int>())); });
  auto h2 = w2.register_post_accumulate_grad_hook([&] {
    events.push_back("w2");
    queue_callback([&] { events.push_back("end"); });
  });
  x.register_hook([&](const Tensor&) { return events.push_back("x"), Tensor(); });
  const Tensor h = x * w1;
  h.register_hook([&](const Tensor&) { return events.push_back("h"), Tensor(); });
  (h * w2 + h * w2 * w1).sum().backward();
  CHECK(events == std::vector<std::string>{"w2", "h", "w1 75", "x", "end"});
  h1.remove();
  h2.remove();
  events.clear();
  (w1 * w2).sum().backward();
  CHECK(events.empty());
  CHECK_THROWS_AS(queue_callback([] {}), GraphError);
  CHECK_THROWS_AS(h.register_post_accumulate_grad_hook([] {}), GraphError);
}

TEST_CASE("no_sync adds up gradients here, and the next backward averages all", "[parallel]") {
  CHECK_NOTHROW(comm::run_on_threads(2, [](comm::Communicator& ranks) {
    nn::DistributedDataParallel net(Net(), ranks.split(0));
    const Tensor x = full({1, 2}, ranks.rank() + 1), y = full({1, 2}, 10 * (ranks.rank() + 1));
    {
      const auto local = net.no_sync();
      net(x).sum().backward();
    }
    const Tensor bias = net.module->last->bias, weight = net.module->first->weight;
    const Tensor own = weight.grad().clone();
    net(y).sum().backward();
    const Tensor mean = weight.grad().clone();
    check(values(bias.grad()) == Values{2}, "the gradients of two backwards do not add up");
    const Tensor other = ranks.rank() == 0 ? own * 2 : own / 2;
    check(allclose(mean, (own + other) / 2 * 11), "the mean is not of all that came together");
  }));
}

TEST_CASE("parameters that a backward leaves out are named, or found", "[parallel]") {
  for (const bool finds : {false, true}) {
    std::atomic<int> named = 0;
    const auto body = [&](comm::Communicator& ranks) {
      nn::DistributedDataParallel net(Net(), ranks.split(0), {.find_unused_parameters = finds});
      const Tensor x = ones({1, 2});
      try {
        net(x, ranks.rank() == 1).sum().backward();
      } catch (const GraphError& error) {
        if (error.message().find("module.first.weight, module.first.bias") != std::string::npos) ++named;
        throw;
      }
      const Tensor gradient = net.module->first->bias->grad();
      check(gradient.defined(), "rank ", ranks.rank(), " got no gradient of what the other used");
      check(allclose(gradient, net.module->last->weight->detach().reshape({2}) / 2), "the mean is not with 0");
      net.zero_grad();
      net(x, true).sum().backward();
      check(!net.module->first->bias->grad().defined(), "what no rank used has a gradient");
    };
    if (finds) {
      CHECK_NOTHROW(comm::run_on_threads(2, body));
    } else {
      CHECK_THROWS_AS(comm::run_on_threads(2, body), GraphError);
      CHECK(named == 1);
    }
  }
}

TEST_CASE("what came without sync is averaged by a backward that leaves it out", "[parallel]") {
  CHECK_NOTHROW(comm::run_on_threads(2, [](comm::Communicator& ranks) {
    nn::DistributedDataParallel net(Net(), ranks.split(0), {.find_unused_parameters = true});
    {
      const auto local = net.no_sync();
      net(full({1, 2}, ranks.rank() + 1)).sum().backward();
    }
    net(ones({1, 2}), true).sum().backward();
    const std::vector<Tensor> all = ranks.all_gather(net.module->first->weight->grad());
    check(equal(all[0], all[1]), "the ranks' gradients differ");
  }));
}

TEST_CASE("a frozen parameter is left alone, and its state has PyTorch's prefix", "[parallel]") {
  CHECK_NOTHROW(comm::run_on_threads(2, [](comm::Communicator& ranks) {
    Net plain;
    plain.first->requires_grad_(false);
    nn::DistributedDataParallel net(std::move(plain), ranks.split(0));
    net(ones({1, 2})).sum().backward();
    check(!net.module->first->weight->grad().defined(), "a frozen parameter has a gradient");
    check(net.state_dict().contains("module.first.weight"), "the prefix is missing");
  }));
}

TEST_CASE("ranks draw the same numbers, and each its own", "[parallel]") {
  manual_seed(5);
  const Tensor expected = rand({3});
  manual_seed(5);
  CHECK_NOTHROW(comm::run_on_threads(3, [&](comm::Communicator& ranks) {
    check(equal(rand({3}), expected), "a rank does not go on from the caller's generator");
    manual_seed(static_cast<std::uint64_t>(ranks.rank()));
    const auto all = ranks.all_gather(rand({3}));
    check(!equal(all[0], all[1]) && !equal(all[1], all[2]), "a seed is not of its rank alone");
  }));
  CHECK(equal(rand({3}), expected));
}
