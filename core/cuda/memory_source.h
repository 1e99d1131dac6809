#pragma once

#include <cstddef>

namespace ebb {

/// Where a caching allocator gets its memory: a GPU, or in tests the host. It knows streams too, which are opaque to
/// the allocator: without any, null stands for the only one.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  /// Null where there is no more.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;

  /// The stream that the calling thread launches on.
  virtual void* current_stream() { return nullptr; }
  /// What the memory of the graph that the thread captures is told by; null outside of a capture.
  virtual const void* current_pool() { return nullptr; }

  /// Marks a place in a stream: what was launched before set_mark() is done when the mark is passed.
  virtual void* make_mark(void* /*stream*/) { return nullptr; }
  virtual void set_mark(void* /*mark*/, void* /*stream*/) noexcept {}
  virtual bool is_passed(void* /*mark*/) noexcept { return true; }
  virtual void wait_for(void* /*mark*/) noexcept {}
  virtual void drop_mark(void* /*mark*/) noexcept {}
};

}  // namespace ebb
