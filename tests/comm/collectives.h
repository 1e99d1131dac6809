#pragma once

#include "ebb/comm/communicator.h"
#include "ebb/core/device.h"

namespace ebb::test {

/// Each collective with every dtype, even, uneven and empty sizes; an Error where a value is not what it must be. Of
/// all ranks the same: what Catch2 cannot do on several threads or processes.
void check_collectives(comm::Communicator& ranks, Device device = kCPU);

}  // namespace ebb::test
