#define CATCH_CONFIG_RUNNER
#include <cstdio>

#include "ebb/core/cuda/context.h"

#include "tests/support/catch.h"

constexpr int skipped = 77;  // Meson's sign for it

int main(int argc, char** argv) {
  if (ebb::cuda_device_count() == 0) {
    std::puts("skipped: this machine has no NVIDIA GPU, or no driver for it");
    return skipped;
  }
  return Catch::Session().run(argc, argv);
}
