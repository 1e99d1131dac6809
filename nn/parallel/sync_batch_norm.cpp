#include "ebb/nn/parallel/sync_batch_norm.h"

namespace ebb::nn {

Tensor SyncBatchNorm::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  check(x.dim() >= 2, "SyncBatchNorm: the input must be (N, C, ...), got shape ", x.shape());
  return normalized(x, {});
}

void convert_sync_batch_norm(Module& net, const std::shared_ptr<comm::Communicator>& group) {
  for (Module* module : net.modules()) {
    if (auto* norm = dynamic_cast<BatchNorm*>(module)) norm->group = group;
  }
}

void revert_sync_batch_norm(Module& net) { convert_sync_batch_norm(net, nullptr); }

}  // namespace ebb::nn
