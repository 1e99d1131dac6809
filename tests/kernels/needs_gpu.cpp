#include "ebb/core/context.h"

#include "tests/support/main.h"

namespace ebb::test {

const char* reason_to_skip() {
  return cuda_device_count() == 0 ? "this machine has no NVIDIA GPU, or no driver for it" : nullptr;
}

}  // namespace ebb::test
