// In the place of cublaslt.cpp in builds without CUDA, where nothing lies on a GPU.
#include "ebb/core/error.h"

#include "apps/bench/cuda/cublaslt.h"

namespace ebb::bench {

Multiply cublaslt() {
  return [](const BatchedProduct&, Tensor&) { fail("cuBLASLt: this build has no CUDA"); };
}

std::string cublaslt_version() { return {}; }

}  // namespace ebb::bench
