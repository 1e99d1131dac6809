#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/error.h"
#include "ebb/kernels/cuda/invoke.cuh"

namespace ebb::kernels {

inline constexpr int block_size = 256;

struct LaunchSize {
  dim3 blocks;
  dim3 threads = dim3(block_size);
  std::size_t dynamic_shared = 0;  ///< bytes
};

inline unsigned grid_size(std::int64_t blocks) {
  check(blocks <= INT32_MAX, "needs ", blocks, " blocks of GPU threads, more than fit one launch; use smaller tensors");
  return static_cast<unsigned>(blocks);
}

/// One thread for each of `count` items, in blocks of block_size.
inline LaunchSize threads_for(std::int64_t count) { return {dim3(grid_size((count + block_size - 1) / block_size))}; }

/// The one place that launches: always on the context's stream, always checked.
template <class... Params, class... Args>
void launch(CudaContext& context, void (*kernel)(Params...), LaunchSize size, const Args&... args) {
  if (size.blocks.x == 0 || size.blocks.y == 0 || size.blocks.z == 0) return;  // to CUDA an error
  const auto* name = reinterpret_cast<const void*>(kernel);
  before_launch(name);
  invoke(kernel, size.blocks, size.threads, size.dynamic_shared, context.stream(), static_cast<Params>(args)...);
  after_launch(context, name);
}

/// The number of the calling thread among all of a one-dimensional launch.
__device__ inline std::int64_t thread_index() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

}  // namespace ebb::kernels
