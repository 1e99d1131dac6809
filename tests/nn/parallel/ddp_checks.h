#pragma once

#include "ebb/comm/communicator.h"

namespace ebb::test {

/// Whole networks trained on the ranks' parts of batches for some steps, against one process on the whole batches; an
/// Error where losses, parameters or buffers differ.
void check_data_parallel(const std::shared_ptr<comm::Communicator>& ranks);

}  // namespace ebb::test
