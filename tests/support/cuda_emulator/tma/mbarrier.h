#pragma once

#include <cstdint>

#include "tests/support/cuda_emulator/barrier.h"

namespace emulator {

/// A barrier in shared memory: a phase is over when nothing is pending, neither arrivals nor bytes.
struct Mbarrier {
  const void* at = nullptr;
  unsigned expected = 0, pending = 0;  // arrivals
  std::int64_t bytes = 0;              // below 0 where more came than are expected
  bool is_published = false;
  Generation phase;
  char tokens[2] = {};

  char* token() { return &tokens[phase.value % 2]; }
  char* last_token() { return &tokens[(phase.value + 1) % 2]; }
  bool is_over(unsigned parity) const { return phase.value % 2 != parity; }

  void expect(std::int64_t more) { bytes += more; }
  void arrive() {
    --pending;
    end_if_complete();
  }
  void receive(std::int64_t count) {
    bytes -= count;
    end_if_complete();
  }

 private:
  void end_if_complete() {
    if (pending != 0 || bytes != 0) return;
    pending = expected;
    ++phase.value;
  }
};

/// Those of a block. Plain arrays: the threads of a kernel run this.
class Mbarriers {
 public:
  void clear() { used_ = 0; }

  Mbarrier* find(const void* at) {
    for (int i = 0; i < used_; ++i) {
      if (barriers_[i].at == at) return &barriers_[i];
    }
    return nullptr;
  }

  /// Whether there was room for it.
  bool add(const void* at, unsigned arrivals) {
    Mbarrier* barrier = find(at);
    if (barrier == nullptr && used_ < max_barriers) barrier = &barriers_[used_++];
    if (barrier == nullptr) return false;
    *barrier = {};
    barrier->at = at;
    barrier->expected = barrier->pending = arrivals;
    return true;
  }

  void publish() {
    for (int i = 0; i < used_; ++i) barriers_[i].is_published = true;
  }

 private:
  static constexpr int max_barriers = 64;
  Mbarrier barriers_[max_barriers];
  int used_ = 0;
};

}  // namespace emulator
