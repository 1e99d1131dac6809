#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/comm/threads.h"
#include "ebb/core/error.h"

#include "tests/comm/collectives.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;

TEST_CASE("collectives over threads give every rank the right values", "[comm]") {
  const int size = GENERATE(1, 2, 3, 4, 8);
  INFO(size << " ranks");
  CHECK_NOTHROW(comm::run_on_threads(size, [](comm::Communicator& ranks) { test::check_collectives(ranks); }));
}

TEST_CASE("a rank alone computes with itself", "[comm]") { CHECK_NOTHROW(test::check_collectives(*comm::alone())); }

TEST_CASE("what a communicator cannot take is an error before anybody waits", "[comm]") {
  const auto ranks = comm::alone();
  const auto refusal = [](auto body) { return test::message_of(body); };
  const Tensor x = ones({2, 3});
  CHECK(refusal([&] { ranks->all_reduce(x.t().slice(0, 0, 2)); }).find("without gaps") != std::string::npos);
  CHECK(refusal([&] { ranks->all_reduce(x.slice(1, 0, 3, 2).slice(0, 0, 0)); }).empty());
  CHECK(refusal([&] { ranks->all_reduce(x.to(kInt64), comm::ReduceOp::mean); }).find("no mean") != std::string::npos);
  CHECK(refusal([&] { ranks->all_reduce(allocate({2}, kComplex64), comm::ReduceOp::max); }).find("complex") !=
        std::string::npos);
  CHECK(refusal([&] { ranks->all_reduce(allocate({2}, kFloat8E5M2)); }).find("float8_e5m2 only stores") !=
        std::string::npos);
  CHECK(refusal([&] { ranks->broadcast(x, 1); }).find("no rank 1 among 1") != std::string::npos);
  CHECK(refusal([&] { ranks->send(x, 0); }).find("to itself") != std::string::npos);
  CHECK(refusal([&] { ranks->all_reduce(x.to(kMeta)); }).find("meta") != std::string::npos);
  CHECK(refusal([&] { ranks->reduce_scatter(tensor(1.0)); }).find("multiple") != std::string::npos);
  CHECK(refusal([&] { comm::threads(0); }).find("at least one rank") != std::string::npos);
}

TEST_CASE("a tensor that a collective wrote to is known to have changed", "[comm]") {
  const auto ranks = comm::alone();
  const Tensor x = ones({3}).requires_grad_();
  const Tensor y = x * 2, z = y * y;
  ranks->all_reduce(y.detach());
  CHECK_THROWS_AS(z.sum().backward(), GraphError);
}
