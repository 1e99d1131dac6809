#pragma once

#include <memory>

#include "ebb/comm/communicator.h"
#include "ebb/core/tensor.h"

namespace ebb {

/// The sum of all ranks' x: a new tensor, the same on every rank. Its gradient is the sum of all ranks' gradients, so
/// that every rank has to come by it in backward, too.
Tensor all_reduce(const Tensor& x, const std::shared_ptr<comm::Communicator>& group, Site site = Site::current());

}  // namespace ebb
