#include <atomic>
#include <stdexcept>

#include "ebb/comm/threads.h"
#include "ebb/core/error.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using comm::Communicator;
using namespace std::chrono_literals;

TEST_CASE("ranks that do not make the same call are told which two differ", "[comm]") {
  struct Case {
    std::function<void(Communicator&)> body;
    std::string expected;
  };
  const auto is_one = [](Communicator& ranks) { return ranks.rank() == 1; };
  const std::vector<Case> cases = {
      {[&](Communicator& ranks) { ranks.all_reduce(ones({is_one(ranks) ? 4 : 3})); },
       "call 0 of rank 0 is all_reduce(sum) of float32 [3], call 0 of rank 1 is all_reduce(sum) of float32 [4]"},
      {[&](Communicator& ranks) { ranks.all_reduce(ones({3}).to(is_one(ranks) ? kFloat64 : kFloat32)); },
       "rank 1 is all_reduce(sum) of float64 [3]"},
      {[&](Communicator& ranks) {
         ranks.all_reduce(ones({3}), is_one(ranks) ? comm::ReduceOp::max : comm::ReduceOp::sum);
       },
       "rank 1 is all_reduce(max)"},
      {[&](Communicator& ranks) { is_one(ranks) ? ranks.barrier() : ranks.broadcast(ones({2})); },
       "rank 0 is broadcast from rank 0 of float32 [2], call 0 of rank 1 is barrier"},
      {[&](Communicator& ranks) { ranks.broadcast(ones({2}), is_one(ranks) ? 1 : 0); }, "broadcast from rank 1"},
      {[&](Communicator& ranks) { ranks.all_gather(ones({2}).to(is_one(ranks) ? kInt64 : kFloat32)); }, "int64 [2]"},
      {[&](Communicator& ranks) {
         ranks.all_reduce(is_one(ranks) ? ones({2, 3}).t() : ones({3, 2}));
       },
       "lie in another order"},
  };
  for (const Case& each : cases) {
    std::vector<std::string> told(3);
    comm::run_on_threads(3, [&](Communicator& ranks) {
      try {
        each.body(ranks);
      } catch (const CommunicationError& error) {
        told[static_cast<std::size_t>(ranks.rank())] = error.message();
      }
      ranks.barrier();  // they may go on
    });
    for (const std::string& message : told) {
      INFO(message);
      CHECK(message.find(each.expected) != std::string::npos);
    }
  }
}

TEST_CASE("a rank that throws makes the others throw, and its exception comes out with its rank", "[comm]") {
  for (int round = 0; round < 100; ++round) {
    const int victim = round % 4;
    std::atomic<int> told = 0;
    try {
      comm::run_on_threads(4, [&](Communicator& ranks) {
        for (int step = 0; step < 20; ++step) {
          if (ranks.rank() == victim && step == round % 17) fail("the victim's own error");
          try {
            ranks.all_reduce(ones({100}));
          } catch (const CommunicationError& error) {
            if (error.message().find("is gone: the victim's own error") != std::string::npos ||
                error.message().find("in vain") != std::string::npos) {
              ++told;
            }
            throw;
          }
        }
      });
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      CHECK(error.message() == "the victim's own error");
      CHECK(error.rank() == victim);
      CHECK(std::string(error.what()).find("on rank " + std::to_string(victim)) != std::string::npos);
    }
    CHECK(told == 3);
  }
}

TEST_CASE("exceptions of other libraries pass as they are", "[comm]") {
  CHECK_THROWS_AS(comm::run_on_threads(2,
                                       [](Communicator& ranks) {
                                         if (ranks.rank() == 1) throw std::out_of_range("of the user");
                                         ranks.barrier();
                                       }),
                  std::out_of_range);
}

TEST_CASE("a rank that does not come in time is named", "[comm]") {
  const auto ranks = comm::threads(2, {.timeout = 20ms});
  CHECK(test::message_of([&] { ranks[0]->all_reduce(ones({2})); }).find("has waited 20 ms for rank 1") !=
        std::string::npos);
  CHECK(test::message_of([&] { ranks[1]->all_reduce(ones({2})); }).find("rank 0, which is gone") != std::string::npos);
}

TEST_CASE("a rank that ends early is named", "[comm]") {
  auto ranks = comm::threads(3);
  ranks[2].reset();
  CHECK(test::message_of([&] {
          ranks[0]->barrier();
        }).find("barrier on rank 0 waits for rank 2, which is gone: it has ended") != std::string::npos);
}

TEST_CASE("a letter of another shape or dtype, or none, is an error", "[comm]") {
  const auto ranks = comm::threads(2, {.timeout = 20ms});
  ranks[0]->send(ones({2, 3}), 1);
  CHECK(test::message_of([&] {
          ranks[1]->recv(ones({6}), 0);
        }).find("recv from rank 0 of float32 [6] gets float32 [2, 3]") != std::string::npos);
  ranks[0]->send(ones({2}).to(kInt64), 1);
  CHECK(test::message_of([&] { ranks[1]->recv(ones({2}), 0); }).find("gets int64 [2]") != std::string::npos);
  CHECK(test::message_of([&] { ranks[1]->recv(ones({2}), 0); }).find("has waited 20 ms for rank 0") !=
        std::string::npos);
}

TEST_CASE("two parts of the ranks compute at the same time", "[comm]") {
  CHECK_NOTHROW(comm::run_on_threads(4, [](Communicator& ranks) {
    const auto part = ranks.split(ranks.rank() / 2);
    for (int step = 0; step < 50; ++step) {
      const Tensor x = full({10}, ranks.rank());
      part->all_reduce(x);
      check(test::values(x)[0] == (ranks.rank() < 2 ? 1 : 5), "a part got the sum of another");
      if (step % 10 == 0) ranks.barrier();
    }
  }));
}
