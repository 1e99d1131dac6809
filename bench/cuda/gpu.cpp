#include "bench/cuda/gpu.h"

#include <cuda_runtime_api.h>

#include "ebb/core/cuda/check.h"

namespace ebb::bench {

std::int64_t l2_bytes(int device) {
  int bytes = 0;
  cuda_check(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device));
  return bytes;
}

}  // namespace ebb::bench
