#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

/// Memory for the bodies, storages and nodes that every op makes: a freed one waits on its thread's own list for the
/// next of its size. Objects above 512 bytes, and all of them under AddressSanitizer, come from the heap.
namespace ebb::small_objects {

namespace detail {

inline constexpr std::size_t granule = 32, classes = 16;

struct Freed {
  Freed* next;
};

/// `room`: how many more it keeps; none before a thread has freed anything, none when it ends, and never any under
/// AddressSanitizer.
struct List {
  Freed* first = nullptr;
  std::size_t room = 0;
};

/// Trivially destroyed, so that objects may be freed until the very end of a thread.
extern constinit thread_local std::array<List, classes> lists;

constexpr std::size_t class_of(std::size_t bytes) { return (bytes - 1) / granule; }

void* allocate_new(std::size_t bytes);
void release_without_room(void* object, std::size_t bytes) noexcept;

}  // namespace detail

inline void* allocate(std::size_t bytes) {
  const std::size_t index = detail::class_of(bytes);
  if (index >= detail::classes) return ::operator new(bytes);
  detail::List& list = detail::lists[index];
  if (list.first == nullptr) [[unlikely]] {
    return detail::allocate_new(bytes);
  }
  ++list.room;
  return std::exchange(list.first, list.first->next);
}

/// `bytes` is what allocate() was given. Any thread may call it.
inline void release(void* object, std::size_t bytes) noexcept {
  const std::size_t index = detail::class_of(bytes);
  if (index >= detail::classes) return ::operator delete(object);
  detail::List& list = detail::lists[index];
  if (list.room == 0) [[unlikely]] {
    return detail::release_without_room(object, bytes);
  }
  --list.room;
  list.first = ::new (object) detail::Freed{list.first};
}

}  // namespace ebb::small_objects
