#include "ebb/core/memory/small_objects.h"

#include <array>
#include <new>
#include <utility>

#include "ebb/config.h"

namespace ebb::small_objects {
namespace {

constexpr std::size_t granule = 32, classes = 16, kept_per_class = 1024;

struct Freed {
  Freed* next;
};

struct List {
  Freed* first = nullptr;
  std::size_t length = 0;
};

/// Trivially destroyed, so that objects may be freed until the very end of a thread.
thread_local constinit std::array<List, classes> lists{};
thread_local constinit bool thread_ends = false;

/// Gives a thread's lists back when it ends.
struct Owner {
  ~Owner() {
    thread_ends = true;
    for (std::size_t i = 0; i < classes; ++i) {
      while (Freed* object = lists[i].first) {
        lists[i].first = object->next;
        ::operator delete(object);
      }
    }
  }
};

void own_lists() { static thread_local Owner owner; }

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / granule; }

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t index = class_of(bytes);
  if (!pools_small_objects || index >= classes) return ::operator new(bytes);
  List& list = lists[index];
  if (list.first == nullptr) return ::operator new((index + 1) * granule);
  --list.length;
  return std::exchange(list.first, list.first->next);
}

void release(void* object, std::size_t bytes) noexcept {
  const std::size_t index = class_of(bytes);
  if (!pools_small_objects || index >= classes) return ::operator delete(object);
  List& list = lists[index];
  if (list.length >= kept_per_class || thread_ends) return ::operator delete(object);
  if (list.first == nullptr) own_lists();
  list.first = new (object) Freed{list.first};
  ++list.length;
}

}  // namespace ebb::small_objects
