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

/// Runs `body` with each of these communicators of threads(), on a thread of its own. Where one throws, it is gone to
/// the others; the first exception is thrown here, and an Error names its rank. Each thread draws random numbers from a
/// generator of its own, which goes on from where the caller's is: as processes would, all draw the same unless they
/// seed it otherwise. Ranks that are as many as num_threads(), or more, compute on their own thread alone.
void run_ranks(const std::vector<std::shared_ptr<Communicator>>& ranks, const std::function<void(Communicator&)>& body);

/// The same with new ones, which end when their `body` does.
void run_on_threads(int size, const std::function<void(Communicator&)>& body, ThreadOptions options = {});

}  // namespace ebb::comm
