#include <algorithm>
#include <memory>

#include "ebb/core/cuda/allocators.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"

namespace ebb {

static constexpr std::size_t alignment = 16, chunk_bytes = std::size_t{1} << 16;

/// Not in the graph's own memory, parts of which its kernels use by turns.
Tensor LiveValues::allocate_aside(std::size_t bytes) {
  const RelaxedCapture relaxed;
  is_aside_ = true;
  try {
    const Tensor memory = allocate({static_cast<std::int64_t>(bytes)}, kUInt8, device_);
    is_aside_ = false;
    return memory;
  } catch (...) {
    is_aside_ = false;
    throw;
  }
}

Tensor LiveValues::add(std::size_t bytes, std::function<void(std::byte*)> refresh) {
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (chunks_.empty() || chunks_.back().used + rounded > chunk_bytes) {
    chunks_.push_back({.on_device = allocate_aside(std::max(rounded, chunk_bytes)), .values = {}});
  }
  Chunk& chunk = chunks_.back();
  chunk.values.push_back({chunk.used, std::move(refresh)});
  const Tensor place =
      chunk.on_device.alias({static_cast<std::int64_t>(bytes)}, {1}, static_cast<std::int64_t>(chunk.used));
  chunk.used += rounded;
  return place;
}

void LiveValues::refresh(CudaContext& context) {
  for (const Chunk& chunk : chunks_) {
    Tensor values = allocate({static_cast<std::int64_t>(chunk.used)}, kUInt8, kCPU, cuda_pinned_allocator());
    for (const Value& value : chunk.values) value.refresh(values.raw_data() + value.offset);
    Tensor to = chunk.on_device;
    cuda_check(cudaMemcpyAsync(to.raw_data(), values.raw_data(), chunk.used, cudaMemcpyDefault, context.stream()));
    caching_pinned_allocator().record_stream(values.raw_data(), &context);
  }
}

}  // namespace ebb
