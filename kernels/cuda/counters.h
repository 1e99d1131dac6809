#pragma once

#include <cstdint>

#include "ebb/core/cuda/context.h"

namespace ebb::kernels {

/// `count` counters on the GPU that are 0: for a kernel whose blocks count themselves, and whose last one puts them
/// back to 0. The context's kernels share them, as they run one after the other; a graph's kernels have their own.
unsigned* counters(CudaContext& context, std::int64_t count);

}  // namespace ebb::kernels
