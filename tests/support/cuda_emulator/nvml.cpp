// NVML, which knows GPUs by their place on the bus, in another order than CUDA.
#include <array>
#include <cstdio>

#include "apps/bench/cuda/nvml_library.h"
#include "tests/support/cuda_emulator/nvml_emulator.h"

namespace emulator {
namespace {

constexpr int success = 0, not_found = 6, invalid = 2, multiprocessors = 1;
std::array<Nvml, 8> gpus;
bool is_started = false;

int start() {
  is_started = true;
  return success;
}

int driver_version(char* text, unsigned bytes) {
  std::snprintf(text, bytes, "999.1");
  return is_started ? success : invalid;
}

int device_of_bus(const char* bus, void** device) {
  unsigned place = 0;
  if (!is_started || std::sscanf(bus, "0000:%2x:00.0", &place) != 1 || place > gpus.size()) return not_found;
  *device = &gpus.at(gpus.size() - place);
  return success;
}

int clock(void* device, int domain, unsigned* megahertz) {
  if (domain != multiprocessors) return invalid;
  auto* gpu = static_cast<Nvml*>(device);
  ++gpu->asked;
  *megahertz = gpu->megahertz;
  return success;
}

int throttle_reasons(void* device, unsigned long long* bits) {
  *bits = static_cast<Nvml*>(device)->reasons;
  return success;
}

}  // namespace

Nvml& nvml(int device) { return gpus.at(static_cast<std::size_t>(device)); }

}  // namespace emulator

namespace ebb::bench {

const Library<NvmlFunctions>& nvml_library() {
  static const NvmlFunctions functions{emulator::start, emulator::driver_version, emulator::device_of_bus,
                                       emulator::clock, emulator::throttle_reasons};
  static const Library<NvmlFunctions> library{.functions = &functions};
  return library;
}

std::string bus_of(int device) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "0000:%02x:00.0", static_cast<int>(emulator::gpus.size()) - device);
  return text.data();
}

}  // namespace ebb::bench
