#pragma once

#include <chrono>
#include <memory>

#include "ebb/comm/communicator.h"

namespace ebb::comm {

struct NcclOptions {
  std::chrono::milliseconds timeout = std::chrono::minutes(10);  ///< for the slowest rank to come to a call
  /// Before each call the ranks tell each other on the CPU what they call: a mismatch is then an error, and no hang.
  bool checks_calls = true;
};

/// The same ranks as `ranks`, threads or processes, each on a GPU of its own; tensors are on cuda:`device`. Calls
/// return when they are queued behind what the GPU has to do before. Where a rank does not come in time, what waits for
/// it on the GPU is ended, which is warned of, and the next call is a CommunicationError. NCCL is loaded by the first
/// call here; a DeviceError where it, or a GPU, is missing, or ebb was built without it.
std::shared_ptr<Communicator> nccl(const std::shared_ptr<Communicator>& ranks, int device, NcclOptions options = {});

}  // namespace ebb::comm
