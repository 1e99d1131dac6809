#pragma once

#include "ebb/comm/communicator.h"

namespace ebb::test {

/// Synchronized batch norm of parts against batch norm of the whole: outputs, running statistics, all gradients and
/// those of the gradient; an Error where they differ. Of all ranks the same.
void check_sync_batch_norm(const std::shared_ptr<comm::Communicator>& ranks);

}  // namespace ebb::test
