#pragma once

namespace emulator {

/// What NVML says of a GPU, by the number that CUDA has for it; of those that were never set, 1980 MHz and no reason.
struct Nvml {
  unsigned megahertz = 1980;
  unsigned long long reasons = 0;
  long asked = 0;  ///< how often for the clock
};
Nvml& nvml(int device);

}  // namespace emulator
