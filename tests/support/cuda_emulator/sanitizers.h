#pragma once

#include <cstddef>

// What the sanitizers offer, as weak symbols: null in a program that is built without them.

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* size);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);
}

namespace emulator {

inline constexpr unsigned tsan_no_sync = 1;  // a switch orders nothing: only barriers do

inline void acquire(void* address) {
  if (__tsan_acquire != nullptr) __tsan_acquire(address);
}
inline void release(void* address) {
  if (__tsan_release != nullptr) __tsan_release(address);
}

}  // namespace emulator
