#pragma once

#include "apps/bench/measure/clock.h"

namespace ebb::bench {

/// Of the CPU: the cores are slow where they are throttled, or shared with another program. A chain of additions on
/// each takes a known number of cycles, so its time says how fast the clock is.
class ClockProbe final : public Clock {
 public:
  /// Learns how fast the cores are at best; takes some 20 milliseconds.
  ClockProbe();

  /// Against the best seen in the beginning; takes some 100 microseconds.
  ClockReading read() override;

 private:
  double best_seconds_;
};

}  // namespace ebb::bench
