#pragma once

#include <cstdio>

#include "ebb/core/context.h"

namespace ebb::bench {

inline constexpr int skipped = 77;  ///< the exit status by which tools/gpu_check knows

/// Whether there is no GPU, which then has been said.
inline bool says_no_gpu() {
  if (cuda_device_count() > 0) return false;
  std::puts("no GPU: this machine has no NVIDIA GPU, or no driver for it");
  return true;
}

}  // namespace ebb::bench
