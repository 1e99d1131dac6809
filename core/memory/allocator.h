#pragma once

#include <cstddef>
#include <cstdint>

namespace ebb {

/// What an allocator has given out, in bytes and blocks.
struct AllocatorStats {
  std::size_t allocated = 0;      ///< in use now
  std::size_t peak = 0;           ///< most in use since the last reset_peak()
  std::size_t cached = 0;         ///< kept for the next request
  std::uint64_t requests = 0;     ///< calls of allocate()
  std::uint64_t from_system = 0;  ///< calls that the cache could not serve
};

/// Gives out the memory of one device. Blocks are aligned to 64 bytes on the CPU, 512 on a GPU.
class Allocator {
 public:
  virtual ~Allocator() = default;
  /// Never null; an Error that says how much is in use where memory, or the limit, runs out.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void deallocate(void* block, std::size_t bytes) noexcept = 0;

  virtual AllocatorStats stats() const = 0;
  virtual void reset_peak() = 0;
  /// Gives the cached blocks back to the system.
  virtual void release_cached() = 0;
  /// The most that may be in use; 0 for no limit.
  virtual void set_limit(std::size_t bytes) = 0;
  /// For tests: the n-th request from now fails once, as if memory had run out; 0 for none.
  virtual void fail_after(std::uint64_t requests) = 0;
};

namespace detail {
extern constinit Allocator* const the_cpu_allocator;
}

/// The one that every tensor on the CPU is from; `allocator_for(device)` of ebb/core/context.h is that of any device.
inline Allocator& cpu_allocator() { return *detail::the_cpu_allocator; }

}  // namespace ebb
