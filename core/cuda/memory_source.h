#pragma once

#include <cstddef>

namespace ebb {

/// Where a caching allocator gets its memory: a GPU, or in tests the host.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  /// Null where there is no more.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
};

}  // namespace ebb
