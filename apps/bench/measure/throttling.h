#pragma once

#include <cstdint>

namespace ebb::bench {

/// What NVML says of a GPU now.
struct GpuSpeed {
  unsigned megahertz;     ///< of its multiprocessors
  std::uint64_t reasons;  ///< bits of nvmlDeviceGetCurrentClocksThrottleReasons: why it is no more
};

/// Whether it is too hot, is slowed down by its power supply, or takes fewer than 3/4 of the `best` megahertz seen
/// while it works. The limit of its power alone is no reason: products of matrices are always at it.
bool is_throttled(const GpuSpeed& now, unsigned best);

}  // namespace ebb::bench
