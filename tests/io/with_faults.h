#pragma once

#include "ebb/io/system/file_faults.h"

namespace ebb::test {

/// Sets the faults of this thread for as long as it lives.
struct WithFaults {
  explicit WithFaults(const io::FileFaults& faults) { io::file_faults() = faults; }
  ~WithFaults() { io::file_faults() = {}; }
};

}  // namespace ebb::test
