#include "ebb/comm/kinds/cuda/nccl_watchdog.h"

#include "ebb/comm/kinds/cuda/nccl_library.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/error.h"
#include "ebb/core/warning.h"

namespace ebb::comm {

NcclWatchdog::NcclWatchdog(ncclComm_t comm, int rank, int device, std::chrono::milliseconds timeout)
    : comm_(comm), rank_(rank), timeout_(timeout) {
  const CudaDeviceGuard guard(device);
  cuda_check(cudaEventCreateWithFlags(&done_, cudaEventDisableTiming));
  thread_ = std::thread([this, device] {
    const CudaDeviceGuard guard_of_thread(device);
    look();
  });
}

NcclWatchdog::~NcclWatchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
  cudaEventDestroy(done_);
  if (comm_ != nullptr) nccl_functions().destroy(comm_);
}

void NcclWatchdog::watch(const Call& call, cudaStream_t stream) {
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  cuda_check(cudaStreamIsCapturing(stream, &capture));
  if (capture != cudaStreamCaptureStatusNone) return;  // it is not done before a replay, of which nobody tells
  const std::lock_guard lock(mutex_);
  cuda_check(cudaEventRecord(done_, stream));
  last_ = call;
  since_ = Clock::now();
  is_waiting_ = true;
  changed_.notify_all();
}

void NcclWatchdog::finish(ncclResult_t started, const Call& call) {
  const Clock::time_point start = Clock::now();
  const std::lock_guard lock(mutex_);
  ncclResult_t status = started;
  while (status == ncclInProgress && failure_.empty()) {
    std::this_thread::yield();
    last_ = call;
    if (nccl_functions().async_error(comm_, &status) != ncclSuccess) status = ncclInternalError;
    if (status == ncclInProgress && Clock::now() - start > timeout_) abort("no rank may take longer than its timeout");
  }
  if (failure_.empty() && status != ncclSuccess) {
    last_ = call;
    abort(std::string("NCCL reports ") + nccl_functions().error_string(status) + ": " +
          nccl_functions().last_error(comm_));
  }
  check<CommunicationError>(failure_.empty(), failure_);
}

void NcclWatchdog::check_alive() {
  const std::lock_guard lock(mutex_);
  check<CommunicationError>(failure_.empty(), failure_);
}

/// Under the lock.
void NcclWatchdog::abort(const std::string& why) {
  failure_ = "call " + std::to_string(last_.sequence) + ", " + to_string(last_) + ", on rank " + std::to_string(rank_) +
             " was given up, and what it was to compute is not computed: " + why;
  nccl_functions().abort(comm_);
  comm_ = nullptr;
  is_waiting_ = false;
}

void NcclWatchdog::look() {
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    changed_.wait_for(lock, std::chrono::milliseconds(is_waiting_ ? 5 : 1000));
    if (!is_waiting_ || is_over_) continue;
    if (cudaEventQuery(done_) == cudaSuccess) {
      is_waiting_ = false;
      continue;
    }
    ncclResult_t status = ncclSuccess;
    nccl_functions().async_error(comm_, &status);
    const bool has_error = status != ncclSuccess && status != ncclInProgress;
    if (!has_error && Clock::now() - since_ < timeout_) continue;
    abort(has_error ? nccl_functions().error_string(status)
                    : "it has waited " + std::to_string(timeout_.count()) + " ms for a rank that does not come");
    warn(failure_);
  }
}

}  // namespace ebb::comm
