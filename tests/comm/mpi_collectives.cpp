// Started by mpirun: the collectives, in pieces of all sizes.
#include <cstdio>

#include "ebb/comm/mpi.h"
#include "ebb/core/error.h"

#include "tests/comm/collectives.h"

int main() {
  try {
    for (const std::int64_t piece : {1 << 30, 1 << 16, 1000}) {
      ebb::test::check_collectives(*ebb::comm::mpi({.largest_piece = piece}));
    }
  } catch (const ebb::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::puts("passed");
}
