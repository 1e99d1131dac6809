#pragma once

#include <cstddef>

namespace ebb::small_objects {

/// Memory for the bodies, storages and nodes that every op makes: a freed one waits on its thread's own list for the
/// next of its size. Objects above 512 bytes, and all of them under AddressSanitizer, come from the heap.
void* allocate(std::size_t bytes);
/// `bytes` is what allocate() was given. Any thread may call it.
void release(void* object, std::size_t bytes) noexcept;

}  // namespace ebb::small_objects
