#pragma once

namespace ebb::apps {

/// While it lives, Ctrl-C (SIGINT), SIGTERM and SIGHUP, of a terminal that is closed, are only noted: work ends at the
/// next good moment. A second one of the same kind ends the program at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool was_interrupted();
  static int signal();  ///< the one that came; 0 for none
};

}  // namespace ebb::apps
