// For bench/cuda/timer.cpp, without CUDA's headers.
#include "bench/cuda/gpu.h"

namespace ebb::bench {

/// More than any GPU has: that of the H200 is 50 MB, of the B200 126 MB.
std::int64_t l2_bytes(int) { return 128 << 20; }

}  // namespace ebb::bench
