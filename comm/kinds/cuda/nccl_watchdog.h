#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <cuda_runtime_api.h>
#include <nccl.h>

#include "ebb/comm/call.h"

namespace ebb::comm {

/// Looks after what a communicator has queued: where it does not end in time, or NCCL reports an error, the
/// communicator is aborted, so that nothing waits for ever, neither the GPU nor who synchronises with it.
class NcclWatchdog {
 public:
  NcclWatchdog(ncclComm_t comm, int rank, int device, std::chrono::milliseconds timeout);
  NcclWatchdog(const NcclWatchdog&) = delete;
  NcclWatchdog& operator=(const NcclWatchdog&) = delete;
  ~NcclWatchdog();  ///< destroys the communicator, if that is still there

  /// Call this when `call` has been queued on the stream.
  void watch(const Call& call, cudaStream_t stream);
  /// Waits until what NCCL does on the CPU for a call is done.
  void finish(ncclResult_t started, const Call& call);
  /// A CommunicationError where the communicator was aborted.
  void check_alive();

 private:
  using Clock = std::chrono::steady_clock;

  void look();
  void abort(const std::string& why);
  std::string queued() const;

  ncclComm_t comm_;
  const int rank_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::condition_variable changed_;
  cudaEvent_t done_ = nullptr;  // after the last that was queued
  Call last_;
  Clock::time_point since_;
  bool is_waiting_ = false, is_over_ = false;
  std::string failure_;
  std::thread thread_;
};

}  // namespace ebb::comm
