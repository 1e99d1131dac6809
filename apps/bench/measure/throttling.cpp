#include "apps/bench/measure/throttling.h"

#include "apps/bench/measure/clock.h"

namespace ebb::bench {

bool is_throttled(const GpuSpeed& now, unsigned best) {
  constexpr std::uint64_t idle = 0x1, slowdown = 0x8, software_thermal = 0x20, thermal = 0x40, power_brake = 0x80;
  if ((now.reasons & (slowdown | software_thermal | thermal | power_brake)) != 0) return true;
  const bool works = (now.reasons & idle) == 0;
  return works && now.megahertz < Clock::least_speed * best;
}

}  // namespace ebb::bench
