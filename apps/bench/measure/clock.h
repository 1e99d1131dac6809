#pragma once

namespace ebb::bench {

/// Tells when a device is slower than it can be; what is timed then does not count.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual bool is_slow() = 0;

  /// The share of the best speed below which it is, as nvbench has it.
  static constexpr double least_speed = 0.75;
};

}  // namespace ebb::bench
