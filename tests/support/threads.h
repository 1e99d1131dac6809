#pragma once

#include "ebb/core/threads/parallel.h"

namespace ebb::test {

/// As many threads as given until the end of a test.
struct Threads {
  explicit Threads(int count) { set_num_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { set_num_threads(before); }
  int before = num_threads();
};

}  // namespace ebb::test
