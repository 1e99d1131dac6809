// x86-64 only: saves the registers that a callee must keep, and changes stacks.
#include "tests/support/cuda_emulator/fiber.h"

#include <cstdint>
#include <cstring>

#include "tests/support/cuda_emulator/sanitizers.h"

extern "C" void emulator_switch_stack(void** save_pointer, void* load_pointer);
asm(R"(
.text
.globl emulator_switch_stack
.type emulator_switch_stack, @function
emulator_switch_stack:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size emulator_switch_stack, .-emulator_switch_stack
)");

namespace emulator {
namespace {

constexpr std::size_t stack_size = 128 * 1024;
constexpr int saved_registers = 6;

/// The thread that resumes fibers; launches are serialised, so one is enough.
struct Host {
  void* stack_pointer = nullptr;
  void* fake_stack = nullptr;
  const void* stack_bottom = nullptr;
  std::size_t stack_size = 0;
  void* tsan_fiber = nullptr;
  void (*entry)() = nullptr;  // of the fiber that is resumed
};
Host host;

/// Where a new fiber begins.
void begin() {
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(nullptr, &host.stack_bottom, &host.stack_size);
  }
  host.entry();
  __builtin_trap();
}

void tsan_switch(void* fiber) {
  if (__tsan_switch_to_fiber != nullptr) __tsan_switch_to_fiber(fiber, tsan_no_sync);
}

}  // namespace

Fiber::Fiber() : stack_(new char[stack_size]) {
  if (__tsan_create_fiber != nullptr) tsan_fiber_ = __tsan_create_fiber(0);
}

Fiber::~Fiber() {
  if (tsan_fiber_ != nullptr) __tsan_destroy_fiber(tsan_fiber_);
}

void Fiber::start(void (*entry)()) {
  const auto end = (reinterpret_cast<std::uintptr_t>(stack_.get()) + stack_size) & ~std::uintptr_t{15};
  if (__asan_unpoison_memory_region != nullptr && stack_pointer_ != nullptr) {
    // Who used this stack before never returned, so its frames are still marked.
    __asan_unpoison_memory_region(stack_pointer_, end - reinterpret_cast<std::uintptr_t>(stack_pointer_));
  }
  auto* top = reinterpret_cast<void**>(end);
  top[-1] = nullptr;                          // no return address
  top[-2] = reinterpret_cast<void*>(&begin);  // what the switch returns to
  for (int i = 0; i < saved_registers; ++i) top[-3 - i] = nullptr;
  stack_pointer_ = top - 2 - saved_registers;
  entry_ = entry;
  fake_stack_ = nullptr;
}

void Fiber::resume() {
  host.entry = entry_;
  if (__tsan_get_current_fiber != nullptr) host.tsan_fiber = __tsan_get_current_fiber();
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&host.fake_stack, stack_.get(), stack_size);
  }
  tsan_switch(tsan_fiber_);
  emulator_switch_stack(&host.stack_pointer, stack_pointer_);
  if (__sanitizer_finish_switch_fiber != nullptr) __sanitizer_finish_switch_fiber(host.fake_stack, nullptr, nullptr);
}

void Fiber::publish(void* address) const {
  if (__tsan_get_current_fiber == nullptr) return;
  // Only calls of the sanitizer: another function would be entered as one fiber and left as the other.
  void* const self = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, tsan_no_sync);
  __tsan_release(address);
  __tsan_switch_to_fiber(self, tsan_no_sync);
}

void Fiber::leave() {
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&fake_stack_, host.stack_bottom, host.stack_size);
  }
  tsan_switch(host.tsan_fiber);
  emulator_switch_stack(&stack_pointer_, host.stack_pointer);
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(fake_stack_, &host.stack_bottom, &host.stack_size);
  }
}

}  // namespace emulator
