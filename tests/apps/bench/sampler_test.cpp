// With a clock that is played.
#include "apps/bench/measure/sampler.h"
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

TEST_CASE("a turn ends when its time is over, but not without a sample") {
  PlayedStopwatch stopwatch;
  const auto samples =
      sample({{[&] { stopwatch.now = 1; }}}, stopwatch, nullptr, {.rounds = 2, .samples = 1000, .seconds = 0});
  CHECK(samples[0].cold == Rounds{{2}, {2}});
}

}  // namespace
}  // namespace ebb::bench
