#include "ebb/comm/mpi.h"

#include "apps/training/ranks.h"

namespace ebb::apps {

std::shared_ptr<comm::Communicator> mpi_ranks() { return comm::mpi({.timeout = std::chrono::hours(24)}); }

}  // namespace ebb::apps
