#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace ebb::kernels {

/// Memory that a kernel needs while it runs, kept for the next one: as much as was asked for at most. Aligned to lines
/// of the cache; what is in it is unknown. Made thread_local, for a thread has one of each kind.
class Scratch {
 public:
  /// An OutOfMemoryError where there is no room.
  template <class T>
  T* of(std::int64_t elements) {
    return static_cast<T*>(bytes(elements * static_cast<std::int64_t>(sizeof(T))));
  }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  void* bytes(std::int64_t wanted);

  std::unique_ptr<void, Free> memory_;
  std::int64_t size_ = 0;
};

}  // namespace ebb::kernels
