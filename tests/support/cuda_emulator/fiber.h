#pragma once

#include <cstddef>
#include <memory>

namespace emulator {

/// A stack of its own, switched to and from by hand, and known to AddressSanitizer and ThreadSanitizer.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Forgets what it ran and starts anew with `entry`, which must not return, at the next resume().
  void start(void (*entry)());
  /// Runs it until it calls leave().
  void resume();
  /// Goes on in the resume() that runs this fiber.
  void leave();
  /// For ThreadSanitizer: who acquires `address` comes after what this fiber, which does not run, has done.
  void publish(void* address) const;

 private:
  void (*entry_)() = nullptr;
  void* stack_pointer_ = nullptr;
  void* fake_stack_ = nullptr;  // ASan's
  void* tsan_fiber_ = nullptr;
  std::unique_ptr<char[]> stack_;
};

}  // namespace emulator
