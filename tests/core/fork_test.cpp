#include <atomic>
#include <chrono>
#include <thread>

#include "ebb/config.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/fork.h"
#include "tests/support/threads.h"

using namespace ebb;
using test::holds_in_child;
using test::Threads;

namespace {

/// Whether a parallel_for of two chunks has two threads: each chunk waits for the other one to begin, ten seconds at
/// most.
bool two_threads_meet() {
  std::atomic<int> begun = 0, met = 0;
  parallel_for(2, 1, [&](std::int64_t, std::int64_t) {
    ++begun;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    met += begun == 2;
  });
  return met == 2;
}

/// A gradient that takes several threads: of sum(x x) it is 2 sum over a row and a column of ones, which is 2 n.
bool gradient_is_right() {
  const Tensor x = ones({256, 256}, {.requires_grad = true});
  matmul(x, x).sum().backward();
  return equal(x.grad(), full({256, 256}, 512.0));
}

}  // namespace

TEST_CASE("a child of fork() computes on threads of its own, and its parent goes on") {
  const Threads scope(2);
  REQUIRE(two_threads_meet());
  REQUIRE(gradient_is_right());
  CHECK(holds_in_child([] { return num_threads() == 2 && two_threads_meet() && gradient_is_right(); }));
  CHECK(holds_in_child([] {
    set_num_threads(1);
    return gradient_is_right();
  }));
  CHECK(holds_in_child([] { return two_threads_meet() && holds_in_child([] { return two_threads_meet(); }); }));
  CHECK(two_threads_meet());
  CHECK(gradient_is_right());
}

TEST_CASE("a child computes whatever the other threads of its parent were doing") {
  if (!pools_small_objects) return;  // AddressSanitizer's own locks do not survive a fork
  const Threads scope(2);
  const Tensor shared = ones({1 << 20}, {.requires_grad = true});
  shared.sum().backward();
  std::atomic<bool> stop = false;
  const auto keep_on = [&](auto work) {
    return std::thread([&stop, work] {
      while (!stop) work();
    });
  };
  std::thread others[] = {keep_on(gradient_is_right), keep_on([] { empty({4}); }),
                          keep_on([shared] { shared.sum().backward(); })};
  int right = 0;
  for (int i = 0; i < 40; ++i) {
    right += holds_in_child([&] { return shared.grad().defined() && two_threads_meet() && gradient_is_right(); });
  }
  stop = true;
  for (std::thread& other : others) other.join();
  CHECK(right == 40);
}
