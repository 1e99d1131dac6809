#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ebb/comm/communicator.h"

namespace ebb::apps {

using RankBody = std::function<void(const std::shared_ptr<comm::Communicator>&)>;

/// Runs `body` on each rank: on `devices` threads, or, where `distributed` is "mpi", as one of mpirun's processes.
void on_ranks(int devices, const std::string& distributed, const RankBody& body);

/// The processes that mpirun started; an Error where ebb was built without MPI.
std::shared_ptr<comm::Communicator> mpi_ranks();

}  // namespace ebb::apps
