// With a clock that is played.
#include "apps/bench/measure/sampler.h"
#include "apps/bench/measure/throttling.h"
#include "tests/support/catch.h"

namespace ebb::bench {
namespace {

/// Each body sets how long it takes.
class PlayedStopwatch final : public Stopwatch {
 public:
  double cold(const std::function<void()>& body, double) override {
    body();
    ++colds;
    return 2 * now;
  }
  double hot(const std::function<void()>& body) override {
    body();
    return now;
  }

  double now = 0;
  int colds = 0;
};

TEST_CASE("everyone takes a turn in each round; those who are slow, in fewer") {
  PlayedStopwatch stopwatch;
  std::vector<int> order;
  const auto taking = [&](int who, double seconds) {
    return Participant{[&, who, seconds] {
      stopwatch.now = seconds;
      if (order.empty() || order.back() != who) order.push_back(who);
    }};
  };
  const std::vector<Samples> samples = sample({taking(0, 1), taking(1, 1.5), taking(2, 11), taking(3, 101)}, stopwatch,
                                              nullptr, {.rounds = 5, .samples = 3, .seconds = 100, .seed = 1});
  for (const std::size_t i : {0, 1}) CHECK(samples[i].cold.size() == 5);
  CHECK(samples[2].cold.size() == 2);
  CHECK(samples[3].hot.size() == 1);
  CHECK(samples[1].cold[4] == std::vector<double>{3, 3, 3});
  CHECK(samples[1].hot[0] == std::vector<double>{1.5, 1.5, 1.5});
  CHECK(stopwatch.colds == 3 * (5 + 5 + 2 + 1));
  CHECK(samples[0].throttled == 0);
  CHECK(sample({}, stopwatch, nullptr, {}).empty());
}

/// Slow whenever it is asked the second time of three.
class PlayedClock final : public Clock {
 public:
  ClockReading read() override { return {1.0 / ++asked, asked % 3 == 2}; }
  int asked = 0;
};

TEST_CASE("samples of a slow device do not count, and are counted") {
  PlayedStopwatch stopwatch;
  PlayedClock clock;
  const auto body = [&] { stopwatch.now = 1; };
  const auto samples = sample({{body}}, stopwatch, &clock, {.rounds = 1, .samples = 3, .seconds = 100});
  CHECK(samples[0].cold == Rounds{{2, 2, 2}});
  CHECK(samples[0].hot == Rounds{{1, 1, 1}});
  CHECK(samples[0].throttled == 6);
  REQUIRE(samples[0].speeds.size() == 6);
  CHECK(samples[0].speeds[0] == 1.0 / 4);  // read before and after each: the third and the fourth time
}

TEST_CASE("a GPU is throttled by heat and its power supply, or where its clock is low for no reason of its own") {
  constexpr unsigned best = 2000;
  CHECK(!is_throttled({2000, 0}, best));
  CHECK(!is_throttled({1500, 0x4}, best));  // the limit of its power
  CHECK(is_throttled({1499, 0x4}, best));
  CHECK(is_throttled({1400, 0}, best));
  CHECK(!is_throttled({300, 0x1}, best));  // idle
  for (const std::uint64_t reason : {0x8, 0x20, 0x40, 0x80}) CHECK(is_throttled({2000, reason}, best));
  for (const std::uint64_t reason : {0x2, 0x10, 0x100}) CHECK(!is_throttled({2000, reason}, best));
}

TEST_CASE("a turn ends when its time is over, but not without a sample") {
  PlayedStopwatch stopwatch;
  const auto samples =
      sample({{[&] { stopwatch.now = 1; }}}, stopwatch, nullptr, {.rounds = 2, .samples = 1000, .seconds = 0});
  CHECK(samples[0].cold == Rounds{{2}, {2}});
}

}  // namespace
}  // namespace ebb::bench
