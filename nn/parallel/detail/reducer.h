#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ebb/comm/communicator.h"
#include "ebb/core/tensor.h"
#include "ebb/nn/module.h"
#include "ebb/nn/parallel/detail/side_stream.h"
#include "ebb/nn/parallel/detail/worker.h"
#include "ebb/nn/parallel/distributed_options.h"

namespace ebb::nn {

/// Averages gradients over the ranks of a group while backward runs. A gradient that is complete is copied to its
/// bucket; a bucket that is complete, and all before it, is reduced on a thread of its own; at the end of backward the
/// means are copied back. Buckets follow the order in which gradients came in the first backward, on rank 0.
class Reducer {
 public:
  Reducer(const Module::NamedTensors& parameters, std::shared_ptr<comm::Communicator> group,
          const DistributedOptions& options);
  Reducer(const Reducer&) = delete;
  Reducer& operator=(const Reducer&) = delete;
  ~Reducer();

  /// Before a forward that a backward will follow.
  void prepare();
  /// Off: gradients only accumulate here.
  void set_sync(bool on) { is_on_ = on; }
  bool is_on() const { return is_on_; }
  Device device() const { return device_; }

 private:
  struct Bucket {
    std::vector<std::size_t> members;
    Tensor flat;  // their gradients, one after the other
    std::size_t missing = 0;
  };

  struct Place {
    std::size_t bucket;
    std::int64_t offset;
  };

  void fill_buckets(std::span<const std::int64_t> order);
  void restart();
  void on_gradient(std::size_t parameter);
  void copy_to_bucket(std::size_t parameter);
  void send_complete_buckets();
  void finish();
  std::vector<bool> used_anywhere();
  void add_missing();
  void copy_back(std::size_t parameter);
  void follow_first_order();
  Tensor part_of(std::size_t parameter) const;

  Module::NamedTensors parameters_;
  std::shared_ptr<comm::Communicator> group_;
  DistributedOptions options_;
  Device device_ = kCPU;  // of what goes through the group
  SideStream side_{kCPU};
  std::vector<GradHookHandle> hooks_;
  std::vector<Bucket> buckets_;
  std::vector<Place> places_;        // of each parameter's gradient
  std::vector<bool> has_come_;       // in this backward
  std::vector<std::int64_t> order_;  // in which they came
  std::size_t next_to_send_ = 0;
  bool is_on_ = true, is_running_ = false, is_ordered_ = false;
  Worker worker_;  // last: it ends first
};

}  // namespace ebb::nn
