// Takes the place of ThreadSanitizer's library.
#include "tests/support/cuda_emulator/traffic.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tests/support/cuda_emulator/emulator.h"

namespace emulator {
namespace {

constexpr std::size_t sector_size = 32;

/// A block of device memory, and in which launch each of its sectors was last fetched or stored.
struct Block {
  explicit Block(std::span<const char> bytes)
      : begin(bytes.data()), size(bytes.size()), fetched(bytes.size() / sector_size + 1), stored(fetched.size()) {}

  const char* begin;
  std::size_t size;
  std::vector<std::uint64_t> fetched, stored;
};

struct Counter {
  std::vector<Block> blocks;
  Block* last = nullptr;  // asked for most recently
  Traffic traffic;

  Block* find(const char* at) {
    const auto holds = [at](const Block& b) { return at >= b.begin && at < b.begin + b.size; };
    if (last != nullptr && holds(*last)) return last;
    const auto found = std::ranges::find_if(blocks, holds);
    if (found == blocks.end()) return nullptr;
    return last = &*found;
  }

  void touch(const void* from, std::size_t bytes, bool stores) {
    const auto* at = static_cast<const char*>(from);
    Block* block = bytes == 0 ? nullptr : find(at);
    if (block == nullptr) return;
    traffic.asked += bytes;
    const auto offset = static_cast<std::size_t>(at - block->begin);
    const std::uint64_t launch = launch_number() + 1;
    for (std::size_t s = offset / sector_size; s <= (offset + bytes - 1) / sector_size; ++s) {
      if (block->stored[s] == launch || (!stores && block->fetched[s] == launch)) continue;
      (stores ? block->stored : block->fetched)[s] = launch;
      traffic.moved += sector_size;
    }
  }
};

Counter* counter = nullptr;

inline void reads(const volatile void* from, std::size_t bytes) {
  if (counter != nullptr) counter->touch(const_cast<const void*>(from), bytes, false);
}
inline void writes(const volatile void* to, std::size_t bytes) {
  if (counter != nullptr) counter->touch(const_cast<const void*>(to), bytes, true);
}
inline void changes(const volatile void* at, std::size_t bytes) {
  reads(at, bytes);
  writes(at, bytes);
}

}  // namespace

Traffic traffic_of(const std::function<void()>& work) {
  Counter mine;
  for (const std::span<const char> bytes : device_memory()) mine.blocks.emplace_back(bytes);
  const std::uint64_t before = statistics().launches;
  counter = &mine;
  work();
  counter = nullptr;
  mine.traffic.launches = statistics().launches - before;
  return mine.traffic;
}

}  // namespace emulator

// The names are the sanitizer's.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

void* __real_memcpy(void* to, const void* from, std::size_t bytes);
void* __real_memmove(void* to, const void* from, std::size_t bytes);
void* __real_memset(void* to, int value, std::size_t bytes);

void* __wrap_memcpy(void* to, const void* from, std::size_t bytes) {
  emulator::reads(from, bytes);
  emulator::writes(to, bytes);
  return __real_memcpy(to, from, bytes);
}
void* __wrap_memmove(void* to, const void* from, std::size_t bytes) {
  emulator::reads(from, bytes);
  emulator::writes(to, bytes);
  return __real_memmove(to, from, bytes);
}
void* __wrap_memset(void* to, int value, std::size_t bytes) {
  emulator::writes(to, bytes);
  return __real_memset(to, value, bytes);
}

void __tsan_init() {}
void __tsan_func_entry(void* /*caller*/) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void** /*at*/) {}
void __tsan_vptr_update(void** /*at*/, void* /*value*/) {}

#define EBB_COUNT_PLAIN(bytes)                                                \
  void __tsan_read##bytes(void* at) { emulator::reads(at, bytes); }           \
  void __tsan_write##bytes(void* at) { emulator::writes(at, bytes); }         \
  void __tsan_unaligned_read##bytes(void* at) { emulator::reads(at, bytes); } \
  void __tsan_unaligned_write##bytes(void* at) { emulator::writes(at, bytes); }
EBB_COUNT_PLAIN(1)
EBB_COUNT_PLAIN(2)
EBB_COUNT_PLAIN(4)
EBB_COUNT_PLAIN(8)
EBB_COUNT_PLAIN(16)
#undef EBB_COUNT_PLAIN

#define EBB_COUNT_CHANGE(T, bits, name)                                    \
  T __tsan_atomic##bits##_##name(volatile T* at, T value, int /*order*/) { \
    emulator::changes(at, sizeof(T));                                      \
    return __atomic_##name(at, value, __ATOMIC_SEQ_CST);                   \
  }
#define EBB_COUNT_ATOMIC(T, bits)                                                                             \
  T __tsan_atomic##bits##_load(const volatile T* at, int /*order*/) {                                         \
    emulator::reads(at, sizeof(T));                                                                           \
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                             \
  }                                                                                                           \
  void __tsan_atomic##bits##_store(volatile T* at, T value, int /*order*/) {                                  \
    emulator::writes(at, sizeof(T));                                                                          \
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                            \
  }                                                                                                           \
  T __tsan_atomic##bits##_exchange(volatile T* at, T value, int /*order*/) {                                  \
    emulator::changes(at, sizeof(T));                                                                         \
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                                  \
  }                                                                                                           \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* at, T old, T value, int /*order*/, int /*else*/) { \
    emulator::changes(at, sizeof(T));                                                                         \
    __atomic_compare_exchange_n(at, &old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
    return old;                                                                                               \
  }                                                                                                           \
  EBB_COUNT_CHANGE(T, bits, fetch_add)                                                                        \
  EBB_COUNT_CHANGE(T, bits, fetch_sub)                                                                        \
  EBB_COUNT_CHANGE(T, bits, fetch_and)                                                                        \
  EBB_COUNT_CHANGE(T, bits, fetch_or)
EBB_COUNT_ATOMIC(std::uint8_t, 8)
EBB_COUNT_ATOMIC(std::uint32_t, 32)
EBB_COUNT_ATOMIC(std::uint64_t, 64)
#undef EBB_COUNT_ATOMIC
#undef EBB_COUNT_CHANGE
}
// NOLINTEND(bugprone-reserved-identifier)
