#include <cstdio>

#include <ebb/comm/mpi.h>

int main() {
  const auto ranks = ebb::comm::mpi();
  ranks->barrier();
  std::printf("rank %d of %d\n", ranks->rank(), ranks->size());
}
