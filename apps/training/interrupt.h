#pragma once

namespace ebb::apps {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM are only noted: work ends at the next good moment. A second one ends
/// the program at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool was_interrupted();
};

}  // namespace ebb::apps
