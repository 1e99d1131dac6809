// Started by mpirun: whole networks and synchronized batch norm.
#include <cstdio>

#include "ebb/comm/mpi.h"
#include "ebb/core/error.h"

#include "tests/nn/parallel/ddp_checks.h"
#include "tests/nn/parallel/sync_checks.h"

int main() {
  try {
    const auto ranks = ebb::comm::mpi();
    ebb::test::check_sync_batch_norm(ranks);
    ebb::test::check_data_parallel(ranks);
  } catch (const ebb::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::puts("passed");
}
