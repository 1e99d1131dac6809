#include "apps/bench/cuda/gpu_clock.h"

#include <algorithm>
#include <array>
#include <optional>

#include "apps/bench/cuda/nvml_library.h"
#include "apps/bench/measure/throttling.h"

namespace ebb::bench {
namespace {

constexpr int success = 0, multiprocessors = 1;

/// Null where it is missing, or does not start.
const NvmlFunctions* nvml() {
  static const NvmlFunctions* const started = [] {
    const NvmlFunctions* functions = nvml_library().functions;
    return functions != nullptr && functions->init() == success ? functions : nullptr;
  }();
  return started;
}

std::optional<GpuSpeed> speed_of(void* device) {
  unsigned megahertz = 0;
  unsigned long long reasons = 0;
  if (nvml()->clock(device, multiprocessors, &megahertz) != success) return {};
  if (nvml()->throttle_reasons(device, &reasons) != success) return {};
  return GpuSpeed{megahertz, reasons};
}

class NvmlClock final : public Clock {
 public:
  NvmlClock(void* device, unsigned best) : device_(device), best_(best) {}

  ClockReading read() override {
    const std::optional<GpuSpeed> now = speed_of(device_);
    if (!now) return {0, false};
    best_ = std::max(best_, now->megahertz);
    return {static_cast<double>(now->megahertz) / best_, is_throttled(*now, best_)};
  }
  double best_megahertz() const override { return best_; }

 private:
  void* device_;
  unsigned best_;  ///< megahertz seen until now
};

}  // namespace

std::unique_ptr<Clock> gpu_clock(int device) {
  if (nvml() == nullptr) return nullptr;
  void* handle = nullptr;
  if (nvml()->device_of_bus(bus_of(device).c_str(), &handle) != success) return nullptr;
  const std::optional<GpuSpeed> first = speed_of(handle);
  return first ? std::make_unique<NvmlClock>(handle, first->megahertz) : nullptr;
}

std::string nvml_version() {
  std::array<char, 96> text{};
  if (nvml() == nullptr || nvml()->driver_version(text.data(), static_cast<unsigned>(text.size())) != success)
    return {};
  return text.data();
}

}  // namespace ebb::bench
