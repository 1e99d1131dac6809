#define CATCH_CONFIG_RUNNER
#include "tests/support/main.h"

#include <cstdio>

#include "tests/support/catch.h"

int main(int argc, char** argv) {
  constexpr int skipped = 77;  // Meson's sign for it
  if (const char* reason = ebb::test::reason_to_skip()) {
    std::printf("skipped: %s\n", reason);
    return skipped;
  }
  return Catch::Session().run(argc, argv);
}
