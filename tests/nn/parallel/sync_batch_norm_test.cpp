#include "ebb/comm/threads.h"
#include "ebb/ebb.h"

#include "tests/nn/parallel/sync_checks.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;

TEST_CASE("synchronized batch norm of parts is batch norm of the whole", "[parallel]") {
  const int size = GENERATE(1, 2, 3, 4, 8);
  INFO(size << " ranks");
  CHECK_NOTHROW(
      comm::run_on_threads(size, [](comm::Communicator& ranks) { test::check_sync_batch_norm(ranks.split(0)); }));
}

TEST_CASE("converting reaches every batch norm, keeps all else, and can be undone", "[parallel]") {
  models::ResNet net = models::resnet18();
  nn::Module& norm = net["layer1.0.bn1"];
  norm.eval();
  int calls = 0;
  norm.register_forward_hook([&](nn::Module&, auto, auto) { ++calls; });
  const Tensor weight = norm.as<nn::BatchNorm2d>().weight;
  const std::string before = to_string(net);
  const auto group = comm::alone();
  nn::convert_sync_batch_norm(net, group);
  const std::string converted = to_string(net);
  CHECK(converted.find("(bn1): SyncBatchNorm(64, eps=1e-05, momentum=0.1, affine=True") != std::string::npos);
  CHECK(converted.find("BatchNorm2d") == std::string::npos);
  CHECK(&net["layer1.0.bn1"] == &norm);
  CHECK(norm.as<nn::BatchNorm2d>().weight->is_same(weight));
  CHECK_FALSE(norm.is_training());
  net(randn({2, 3, 32, 32}));
  CHECK(calls == 1);
  CHECK(nn::clone(net)["bn1"].as<nn::BatchNorm2d>().group == group);
  nn::revert_sync_batch_norm(net);
  CHECK(to_string(net) == before);
}

TEST_CASE("a batch norm at the root is converted, too", "[parallel]") {
  nn::BatchNorm1d norm = nn::batch_norm1d(4);
  nn::convert_sync_batch_norm(norm, comm::alone());
  CHECK(to_string(norm).rfind("SyncBatchNorm(4, ", 0) == 0);
  CHECK(to_string(nn::Layer(nn::sync_batch_norm(4)).module()).rfind("SyncBatchNorm(4, ", 0) == 0);
}

TEST_CASE("synchronized batch norm says what it cannot do", "[parallel]") {
  const auto refusal = [](auto body) { return test::message_of(body); };
  CHECK(refusal([] {
          sync_batch_norm(ones({2, 3}), {}, {}, {}, {}, nullptr);
        }).find("group of ranks") != std::string::npos);
  CHECK(refusal([] {
          sync_batch_norm(ones({1, 3}), {}, {}, {}, {}, comm::alone());
        }).find("more than one value") != std::string::npos);
  CHECK(refusal([] {
          sync_batch_norm(ones({2, 3}), {}, {}, ones({4}), {}, comm::alone());
        }).find("weight must be (3)") != std::string::npos);
  CHECK(refusal([] { nn::sync_batch_norm(3)(ones({3})); }).find("(N, C, ...)") != std::string::npos);
}

TEST_CASE("a sum over ranks has a gradient, and that has one", "[parallel]") {
  CHECK_NOTHROW(comm::run_on_threads(3, [](comm::Communicator& ranks) {
    const std::shared_ptr<comm::Communicator> group = ranks.split(0);
    const Tensor x = test::leaf({1.0 + ranks.rank(), 2});
    const Tensor y = all_reduce(x * x, group);  // y = sum of x_r^2
    const double s0 = 1 + 4 + 9, s1 = 12;
    check(test::values(y) == std::vector{s0, s1}, "the sum is wrong");
    const Tensor dx = grad({(y * y).sum()}, {x}, {}, {.create_graph = true})[0];  // of 3 losses: 3 * 2 y * 2 x
    const double x0 = 1.0 + ranks.rank();
    check(test::values(dx) == std::vector{12 * s0 * x0, 12 * s1 * 2}, "the gradient is wrong");
    // d/dx_r of the sum over all ranks q of dx_q[0] = 12 y x_q is 12 (y + 2 x_r * sum of x_q)
    const Tensor ddx = grad({dx.sum()}, {x})[0];
    check(test::values(ddx)[0] == 12 * (s0 + 2 * x0 * 6), "the second gradient is wrong");
  }));
}
