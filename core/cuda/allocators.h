#pragma once

#include "ebb/core/cuda/caching_allocator.h"

namespace ebb {

/// cuda_allocator(index) and cuda_pinned_allocator(), as what they are. Their streams are CudaContexts.
CachingAllocator& caching_allocator(int index);
CachingAllocator& caching_pinned_allocator();

}  // namespace ebb
