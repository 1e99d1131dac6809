#pragma once

#include "apps/bench/measure/clock.h"

namespace ebb::bench {

/// Of the CPU: the cores are slow where they are throttled, or shared with another program. A chain of additions on
/// each takes a known number of cycles, so its time says how fast the clock is.
class ClockProbe final : public Clock {
 public:
  /// Learns how fast the cores are at best; takes some 20 milliseconds.
  ClockProbe();

  /// The clock now, as a share of the best seen in the beginning; takes some 100 microseconds.
  double speed() const;
  bool is_slow() override { return speed() < least_speed; }

 private:
  double best_seconds_;
};

}  // namespace ebb::bench
