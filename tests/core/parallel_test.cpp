#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "ebb/core/error.h"
#include "ebb/core/threads/chunk_times.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/core/threads/serial.h"

#include "tests/support/catch.h"
#include "tests/support/threads.h"

using namespace ebb;
using test::Threads;

namespace {

/// How often parallel_for visits each index.
std::vector<int> visits(std::int64_t count, std::int64_t grain) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  return {seen.begin(), seen.end()};
}

/// A sum whose rounding depends on how it is divided.
double divided_sum() {
  std::vector<double> parts(1000);
  parallel_for(100000, 100, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0;
    for (std::int64_t i = begin; i < end; ++i) sum += 1.0 / static_cast<double>(i + 1);
    parts[static_cast<std::size_t>(begin / 100)] = sum;
  });
  double total = 0;
  for (const double part : parts) total += part;
  return total;
}

}  // namespace

TEST_CASE("parallel_for covers the range once, whatever the grain and the threads") {
  for (int threads = 1; threads <= 4; ++threads) {
    const Threads scope(threads);
    CHECK(num_threads() == threads);
    for (const std::int64_t count : {0, 1, 7, 64, 1000}) {
      for (const std::int64_t grain : {1, 3, 64, 5000}) {
        CHECK(visits(count, grain) == std::vector<int>(static_cast<std::size_t>(count), 1));
      }
    }
  }
}

TEST_CASE("results are the same for any number of threads") {
  const Threads one(1);
  const double expected = divided_sum();
  for (int threads = 2; threads <= 4; ++threads) {
    const Threads scope(threads);
    CHECK(divided_sum() == expected);
  }
}

TEST_CASE("an exception reaches the caller, and the pool goes on") {
  for (int threads = 1; threads <= 4; ++threads) {
    const Threads scope(threads);
    const auto throwing = [](std::int64_t begin, std::int64_t) {
      if (begin == 30) throw std::runtime_error("from chunk 30");
    };
    CHECK_THROWS_WITH(parallel_for(100, 1, throwing), "from chunk 30");
    CHECK(visits(50, 1) == std::vector<int>(50, 1));
  }
}

TEST_CASE("a parallel_for inside another runs on its thread") {
  const Threads scope(3);
  std::atomic<int> total = 0;
  std::atomic<bool> moved = false;
  parallel_for(8, 1, [&](std::int64_t, std::int64_t) {
    const auto outer = std::this_thread::get_id();
    parallel_for(10, 1, [&](std::int64_t begin, std::int64_t end) {
      total += static_cast<int>(end - begin);
      if (std::this_thread::get_id() != outer) moved = true;
    });
  });
  CHECK(total == 80);
  CHECK_FALSE(moved);
}

TEST_CASE("what a thread computes in a serial scope stays on it") {
  const Threads threads(4);
  std::atomic<int> elsewhere = 0;
  const auto count = [&] {
    elsewhere = 0;
    const auto here = std::this_thread::get_id();
    parallel_for(64, 1, [&](std::int64_t, std::int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (std::this_thread::get_id() != here) ++elsewhere;
    });
    return elsewhere.load();
  };
  {
    const SerialScope serial;
    CHECK(count() == 0);
  }
  CHECK(count() > 0);
}

TEST_CASE("several threads may call parallel_for at once") {
  const Threads scope(3);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) wrong += visits(97, 5) != std::vector<int>(97, 1);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("the pool can change its size between jobs") {
  const Threads scope(2);
  for (int i = 0; i < 30; ++i) {
    set_num_threads(1 + i % 4);
    REQUIRE(visits(40, 3) == std::vector<int>(40, 1));
  }
  CHECK_THROWS_AS(set_num_threads(0), Error);
  CHECK(num_threads() == 1 + 29 % 4);
}

TEST_CASE("times of chunks tell how work would be shared out") {
  const Threads scope(3);
  const double expected = divided_sum();
  const ChunkTimes times;
  CHECK(divided_sum() == expected);
  REQUIRE(times.jobs().size() == 1);
  CHECK(times.jobs()[0].size() == 1000);
  CHECK(times.seconds() > 0);
  CHECK(times.seconds_on(4) <= times.seconds());
  CHECK(times.seconds_on(4) >= times.seconds() / 4);

  const auto caller = std::this_thread::get_id();
  parallel_for(5, 1, [&](std::int64_t, std::int64_t) {
    CHECK(std::this_thread::get_id() == caller);
    CHECK(visits(40, 3) == std::vector<int>(40, 1));  // a job inside a job is a part of it
  });
  REQUIRE(times.jobs().size() == 2);
  CHECK(times.jobs()[1].size() == 5);
  std::thread([] { divided_sum(); }).join();
  CHECK_THROWS_AS(parallel_for(9, 1, [](std::int64_t, std::int64_t) { throw std::runtime_error("no"); }),
                  std::runtime_error);
  CHECK(times.jobs().size() == 3);
  {
    ChunkTimes inner;
    for (const double seconds : {3, 1, 2, 2}) {
      if (seconds == 3) inner.begin_job();
      inner.add(seconds);
    }
    CHECK(inner.seconds() == 8);
    CHECK(inner.seconds_on(2) == 5);  // 3; 1, 2, 2
    CHECK(inner.seconds_on(3) == 3);
    CHECK(inner.seconds_on(9) == 3);
  }
  CHECK(visits(40, 3) == std::vector<int>(40, 1));
  CHECK(times.jobs().size() == 4);
}
