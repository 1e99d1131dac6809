#pragma once

#include <string>

#include "ebb/core/cuda/library.h"

namespace ebb::bench {

/// The functions of NVML that are called here. Its header comes with no package that ebb needs.
struct NvmlFunctions {
  int (*init)();
  int (*driver_version)(char* text, unsigned bytes);
  int (*device_of_bus)(const char* bus, void** device);
  int (*clock)(void* device, int domain, unsigned* megahertz);
  int (*throttle_reasons)(void* device, unsigned long long* bits);
};

/// Opened by the first call. tests/support/cuda_emulator has others in the place of these two.
const Library<NvmlFunctions>& nvml_library();
/// Of the GPU that CUDA counts as that: "0000:65:00.0". NVML counts those that CUDA_VISIBLE_DEVICES hides, too.
std::string bus_of(int device);

}  // namespace ebb::bench
