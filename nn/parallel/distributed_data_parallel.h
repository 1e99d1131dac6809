#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "ebb/autograd/ops/comm/scale_gradient.h"
#include "ebb/comm/communicator.h"
#include "ebb/nn/parallel/distributed_options.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

class Reducer;

/// What DistributedDataParallel does whatever the network is.
class DistributedBase : public Module {
 public:
  DistributedBase(const DistributedBase&) = delete;
  ~DistributedBase() override;
  std::string kind() const override { return "DistributedDataParallel"; }

  /// For as long as it lives, backward only adds to the gradients of this rank; the next one after it averages what has
  /// come together.
  class NoSync {
   public:
    explicit NoSync(Reducer& reducer);
    NoSync(const NoSync&) = delete;
    NoSync& operator=(const NoSync&) = delete;
    ~NoSync();

   private:
    Reducer& reducer_;
    bool before_;
  };
  [[nodiscard]] NoSync no_sync() const { return NoSync(*reducer_); }

 protected:
  DistributedBase();
  /// Makes the network rank 0's on every rank.
  void start(Module& net, const std::shared_ptr<comm::Communicator>& group, const DistributedOptions& options);
  void before_forward(Module& net) const;
  /// How much a loss of so many samples counts; 1 where that does not matter.
  double weight_of(std::int64_t samples) const;

 private:
  std::shared_ptr<comm::Communicator> group_;
  DistributedOptions options_;
  std::unique_ptr<Reducer> reducer_;
};

/// One of several equal networks, one on each rank, which see different parts of a batch and stay equal: they start
/// with rank 0's parameters and buffers, and each backward ends with the mean of all ranks' gradients, sent while it
/// runs. Every rank makes the same calls.
///
///     comm::run_on_threads(4, [&](comm::Communicator& ranks) {
///       nn::DistributedDataParallel net(models::ConvNet(10), ranks.split(0));
///       ...
///       cross_entropy(net(images), labels).backward();
///       optimizer.step();
///     });
///
/// Statistics of batch norm are those of each rank's part, and rank 0's are kept: see convert_sync_batch_norm. The keys
/// of its state dict begin with "module.", as in PyTorch.
template <std::derived_from<Module> M>
class DistributedDataParallel final : public DistributedBase {
 public:
  DistributedDataParallel(M net, const std::shared_ptr<comm::Communicator>& group,
                          const DistributedOptions& options = {})
      : module(this, "module", std::move(net)) {
    start(*module, group, options);
  }

  template <class... Args>
  auto operator()(const Tensor& x, Args&&... args) const {
    before_forward(*module);
    const double weight = weight_of(x.dim() > 0 ? x.size(0) : 1);
    auto y = module(x, std::forward<Args>(args)...);
    if (weight != 1) detail::each_tensor(y, [&](Tensor& output) { output = scale_gradient(output, weight); });
    return y;
  }

  Child<M> module;
};

}  // namespace ebb::nn
