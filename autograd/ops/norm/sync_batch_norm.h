#pragma once

#include <memory>

#include "ebb/autograd/ops/norm/batch_norm.h"
#include "ebb/comm/communicator.h"

namespace ebb {

/// batch_norm in training of a batch whose parts lie on the ranks of a group: each gives its part, of any size or
/// empty, and gets its part of what batch_norm makes of the whole. One all_gather forward, of the parts' counts, means
/// and squared deviations; one all_reduce backward, which every rank has to come by. The gradients of weight and bias
/// are those of this rank's part: they are still to be added up, as DistributedDataParallel does.
///
/// Statistics merge as in Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm (1979), in float64.
/// `options.training` is taken as true.
Tensor sync_batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                       const Tensor& bias, const std::shared_ptr<comm::Communicator>& group,
                       const BatchNormOptions& options = {}, Site site = Site::current());

}  // namespace ebb
