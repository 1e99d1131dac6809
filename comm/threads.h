#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "ebb/comm/communicator.h"

namespace ebb::comm {

struct ThreadOptions {
  std::chrono::milliseconds timeout = std::chrono::minutes(10);  ///< for the slowest rank to come to a call
};

/// A communicator for each of `size` threads of this process. A rank whose communicator is destroyed is gone: the
/// others, where they wait for it, get a CommunicationError.
std::vector<std::shared_ptr<Communicator>> threads(int size, ThreadOptions options = {});

/// Runs `body` on `size` threads, each with its communicator. Where one throws, so do the others once they wait for it,
/// and the first exception is thrown here; an Error names its rank. Each draws random numbers from a generator of its
/// own, which goes on from where the caller's is: as processes would, all draw the same unless they seed it otherwise.
void run_on_threads(int size, const std::function<void(Communicator&)>& body, ThreadOptions options = {});

}  // namespace ebb::comm
