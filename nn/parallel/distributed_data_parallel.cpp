#include "ebb/nn/parallel/distributed_data_parallel.h"

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/core/error.h"
#include "ebb/nn/parallel/detail/reducer.h"

namespace ebb::nn {

DistributedBase::DistributedBase() = default;
DistributedBase::~DistributedBase() = default;

DistributedBase::NoSync::NoSync(Reducer& reducer) : reducer_(reducer), before_(reducer.is_on()) {
  reducer.set_sync(false);
}
DistributedBase::NoSync::~NoSync() { reducer_.set_sync(before_); }

static void broadcast_all(const std::vector<Tensor>& tensors, comm::Communicator& group) {
  no_grad([&] {
    for (const Tensor& tensor : tensors) group.broadcast(tensor);
  });
}

void DistributedBase::start(Module& net, const std::shared_ptr<comm::Communicator>& group,
                            const DistributedOptions& options) {
  const OpScope op("DistributedDataParallel", Site{});
  check(group != nullptr, "needs a group of ranks, got none; comm::alone() is a group of one");
  group_ = group->split(0);  // for its own thread
  options_ = options;
  broadcast_all(net.parameters(), *group_);
  broadcast_all(net.buffers(), *group_);
  reducer_ = std::make_unique<Reducer>(net.named_parameters("module"), group_, options);
}

void DistributedBase::before_forward(Module& net) const {
  if (!is_grad_enabled()) return;
  reducer_->prepare();
  if (options_.broadcast_buffers && is_training() && reducer_->is_on()) broadcast_all(net.buffers(), *group_);
}

double DistributedBase::weight_of(std::int64_t samples) const {
  if (!options_.weight_by_samples || !is_grad_enabled()) return 1;
  const Tensor mean = tensor({static_cast<double>(samples)}).to(reducer_->device());
  group_->all_reduce(mean, comm::ReduceOp::mean);
  const double of_all = mean.item<double>();
  return of_all > 0 ? static_cast<double>(samples) / of_all : 1;
}

}  // namespace ebb::nn
