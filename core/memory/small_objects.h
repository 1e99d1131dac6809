#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

#include "ebb/config.h"

/// Memory for the bodies, storages and nodes that every op makes: a freed one waits on its thread's own list for the
/// next of its size. Objects above 512 bytes, and all of them under AddressSanitizer, come from the heap.
namespace ebb::small_objects {

namespace detail {

inline constexpr std::size_t granule = 32, classes = 16;

struct Freed {
  Freed* next;
};

/// `room`: how many more it keeps; none before a thread has freed anything, and none when it ends.
struct List {
  Freed* first = nullptr;
  std::size_t room = 0;
};

/// Trivially destroyed, so that objects may be freed until the very end of a thread.
extern constinit thread_local std::array<List, classes> lists;

constexpr std::size_t class_of(std::size_t bytes) { return (bytes - 1) / granule; }
constexpr bool is_pooled(std::size_t bytes) { return pools_small_objects && class_of(bytes) < classes; }

void release_without_room(void* object, std::size_t index) noexcept;

}  // namespace detail

inline void* allocate(std::size_t bytes) {
  if (!detail::is_pooled(bytes)) return ::operator new(bytes);
  const std::size_t index = detail::class_of(bytes);
  detail::List& list = detail::lists[index];
  if (list.first == nullptr) [[unlikely]] {
    return ::operator new((index + 1) * detail::granule);
  }
  ++list.room;
  return std::exchange(list.first, list.first->next);
}

/// `bytes` is what allocate() was given. Any thread may call it.
inline void release(void* object, std::size_t bytes) noexcept {
  if (!detail::is_pooled(bytes)) return ::operator delete(object);
  const std::size_t index = detail::class_of(bytes);
  detail::List& list = detail::lists[index];
  if (list.room == 0) [[unlikely]] {
    return detail::release_without_room(object, index);
  }
  --list.room;
  list.first = ::new (object) detail::Freed{list.first};
}

}  // namespace ebb::small_objects
