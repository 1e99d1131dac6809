// In the place of gpu.cpp and baselines.cpp where the tests emulate a GPU.
#include "bench/cuda/baselines.h"
#include "bench/cuda/gpu.h"

namespace ebb::bench {

std::int64_t l2_bytes(int) { return 1 << 12; }

std::vector<Baseline> baselines_of(const Case&) { return {}; }

}  // namespace ebb::bench
