#include "ebb/core/memory/small_objects.h"

#include "ebb/config.h"

namespace ebb::small_objects::detail {

constinit thread_local std::array<List, classes> lists{};

namespace {

constexpr std::size_t kept_per_class = 1024;

/// Gives a thread's lists back when it ends.
struct Owner {
  Owner() {
    for (List& list : lists) list.room = kept_per_class;
  }
  ~Owner() {
    for (List& list : lists) {
      while (Freed* object = list.first) {
        list.first = object->next;
        ::operator delete(object);
      }
      list.room = 0;
    }
  }
};

/// Whether this is the first call of a thread, which makes room in its lists.
bool own_lists() {
  static constinit thread_local bool was_called = false;
  if (!pools_small_objects || std::exchange(was_called, true)) return false;
  static thread_local Owner owner;
  return true;
}

}  // namespace

void* allocate_new(std::size_t bytes) {
  return ::operator new(pools_small_objects ? (class_of(bytes) + 1) * granule : bytes);
}

void release_without_room(void* object, std::size_t bytes) noexcept {
  if (own_lists()) {
    release(object, bytes);
  } else {
    ::operator delete(object);
  }
}

}  // namespace ebb::small_objects::detail
