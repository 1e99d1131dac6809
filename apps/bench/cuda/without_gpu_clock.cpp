// In the place of gpu_clock.cpp in builds without CUDA, where no GPU is timed.
#include "apps/bench/cuda/gpu_clock.h"

namespace ebb::bench {

std::unique_ptr<Clock> gpu_clock(int) { return nullptr; }

std::string nvml_version() { return {}; }

}  // namespace ebb::bench
