#pragma once

#include <memory>

#include "ebb/nn/layers/batch_norm.h"

namespace ebb::nn {

/// Batch norm of (N, C, ...) whose batch is that of all ranks of a group; in eval(), or without a group, as any other.
/// Its parameters, buffers and state dict are those of BatchNorm2d.
class SyncBatchNorm : public BatchNorm {
 public:
  explicit SyncBatchNorm(const BatchNormOptions& given, std::shared_ptr<comm::Communicator> ranks = nullptr)
      : BatchNorm(given) {
    group = std::move(ranks);
  }
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string kind() const override { return "SyncBatchNorm"; }
};
inline SyncBatchNorm sync_batch_norm(const BatchNormOptions& options,
                                     std::shared_ptr<comm::Communicator> group = nullptr) {
  return SyncBatchNorm(options, std::move(group));
}
inline SyncBatchNorm sync_batch_norm(std::int64_t num_features, std::shared_ptr<comm::Communicator> group = nullptr) {
  return SyncBatchNorm({.num_features = num_features}, std::move(group));
}

/// Synchronizes every batch norm of the tree, itself included, over the group, and leaves all else as it is: the
/// modules stay the same objects. PyTorch's convert_sync_batchnorm makes new ones.
void convert_sync_batch_norm(Module& net, const std::shared_ptr<comm::Communicator>& group);
/// The reverse: each rank normalises by its own batch again.
void revert_sync_batch_norm(Module& net);

}  // namespace ebb::nn
