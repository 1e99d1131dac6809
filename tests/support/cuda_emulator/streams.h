#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <cuda_runtime_api.h>

#include "tests/support/cuda_emulator/emulator.h"

// What the files of the emulated runtime share.

namespace emulator {

using Work = std::function<void()>;
using Clock = std::chrono::steady_clock;

/// What has been launched on the streams of one capture, in the order of the calls.
struct Capture {
  CUstream_st* origin = nullptr;
  std::thread::id thread;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::vector<Work> work;
  std::vector<CUstream_st*> streams;  // that were drawn in by events
  bool is_invalid = false;
};

/// Shared with the work that records it, which may outlive the event.
struct EventState {
  std::atomic<std::uint64_t> recorded = 0, done = 0;
  CUstream_st* stream = nullptr;     // where it was recorded last
  std::shared_ptr<Capture> capture;  // not null: there
  std::uint64_t place = 0;           // in that stream
  Clock::time_point time;
};

/// Of the thread that does a stream's work, which may come to do its own again. Threads that have the turns of streams
/// wait for each other along events only, so never in a circle: a mutex would be suspected of it.
class Turn {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    const std::thread::id self = std::this_thread::get_id();
    changed_.wait(guard, [&] { return depth_ == 0 || owner_ == self; });
    owner_ = self;
    ++depth_;
  }
  void unlock() {
    const std::lock_guard guard(mutex_);
    if (--depth_ == 0) changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread::id owner_;
  int depth_ = 0;
};

/// The status, which cudaGetLastError returns, too.
cudaError_t failed(cudaError_t status);
/// What a fault has left, which every call reports.
cudaError_t fault();
/// The counted calls of runtime and streams.
struct Counts {
  std::atomic<std::uint64_t> mallocs = 0, frees = 0, host_allocs = 0, host_waits = 0, copies = 0, pageable_copies = 0,
                             graph_launches = 0;
};
Counts& counts();

/// Does what the stream has left.
void finish(CUstream_st& stream);
void finish_device(int device);
/// Whether the thread may call what a capture of its own forbids; marks the capture as broken where not.
bool may_call_unsafe();
CUstream_st& stream_of(cudaStream_t stream);

namespace detail {
bool accepts_on(CUstream_st* stream, bool takes_sizes);
bool is_faulty_launch();
Statistics runtime_counts();
}  // namespace detail

}  // namespace emulator

struct CUstream_st {
  int device = 0, priority = 0;
  std::mutex mutex;  // of what follows
  std::deque<emulator::Work> work;
  std::uint64_t given = 0;  // calls that gave it work
  emulator::Turn running;   // of who does its work
  std::shared_ptr<emulator::Capture> capture;
  bool is_joined = true;  // of a capture: all of its work is waited for by the origin
};

struct CUevent_st {
  int device = 0;
  bool has_time = true;
  std::shared_ptr<emulator::EventState> state = std::make_shared<emulator::EventState>();
};
