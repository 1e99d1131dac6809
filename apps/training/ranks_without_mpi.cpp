#include "ebb/core/error.h"

#include "apps/training/ranks.h"

namespace ebb::apps {

std::shared_ptr<comm::Communicator> mpi_ranks() {
  fail("--distributed mpi: ebb was built without MPI; install libopenmpi-dev and build again");
}

}  // namespace ebb::apps
