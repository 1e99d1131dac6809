#pragma once

#include <functional>
#include <memory>

#include "ebb/comm/communicator.h"

namespace ebb::bench {

using RankBody = std::function<void(const std::shared_ptr<comm::Communicator>&)>;

/// Runs `body` on that many threads, or for 0 as one of the processes that mpirun started.
void on_ranks(int threads, const RankBody& body);

}  // namespace ebb::bench
