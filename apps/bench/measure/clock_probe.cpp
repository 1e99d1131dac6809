#include "apps/bench/measure/clock_probe.h"

#include <algorithm>

#include "ebb/core/threads/parallel.h"

#include "bench/timing.h"

namespace ebb::bench {
namespace {

/// Each addition waits for the one before it.
void chain() {
  constexpr int additions = 32768;
  double sum = 1;
  for (int i = 0; i < additions; ++i) {
    sum += 1e-9;
    asm volatile("" : "+x"(sum));
  }
}

/// On all threads, which the first time may have to be woken for. A thread whose core another program has taken leaves
/// its chain to the others, which then have two.
double chains() {
  const auto on_all = [] {
    parallel_for(num_threads(), 1, [](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) chain();
    });
  };
  on_all();
  return seconds_of(on_all);
}

}  // namespace

/// One chain takes as long as one on each core, so the best is known where another program has a core all the while.
ClockProbe::ClockProbe() : best_seconds_(seconds_of(chain)) {
  for (int i = 0; i < 200; ++i) best_seconds_ = std::min({best_seconds_, seconds_of(chain), chains()});
}

ClockReading ClockProbe::read() {
  const double speed = best_seconds_ / chains();
  return {speed, speed < least_speed};
}

}  // namespace ebb::bench
