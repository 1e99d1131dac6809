#pragma once

namespace ebb::bench {

/// Tells when the cores are slower than they can be: throttled, or shared with another program. A chain of additions on
/// each takes a known number of cycles, so its time says how fast the clock is.
class ClockProbe {
 public:
  /// Learns how fast the cores are at best; takes some 20 milliseconds.
  ClockProbe();

  /// The clock now, as a share of the best seen in the beginning; takes some 100 microseconds.
  double speed() const;

  /// Below it a sample does not count, as nvbench has it.
  static constexpr double least_speed = 0.75;

 private:
  double best_seconds_;
};

}  // namespace ebb::bench
