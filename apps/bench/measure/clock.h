#pragma once

namespace ebb::bench {

struct ClockReading {
  double speed;  ///< as a share of the best that was seen
  bool is_slow;  ///< what is timed now does not count
};

/// Tells how fast a device is.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual ClockReading read() = 0;
  /// Of the best that was seen; 0 where only shares of it are known.
  virtual double best_megahertz() const { return 0; }

  /// The share of the best speed below which it is, as nvbench has it.
  static constexpr double least_speed = 0.75;
};

}  // namespace ebb::bench
