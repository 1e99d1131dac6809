#pragma once

#include <memory>
#include <string>

#include "apps/bench/measure/clock.h"

namespace ebb::bench {

/// Of the GPU of that number, by NVML; null where that is missing, or does not tell.
std::unique_ptr<Clock> gpu_clock(int device);

/// The driver's version, by NVML; empty where that is missing.
std::string nvml_version();

}  // namespace ebb::bench
