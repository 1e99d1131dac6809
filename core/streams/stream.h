#pragma once

#include <memory>

#include "ebb/core/tensor.h"

// Streams of GPUs, as torch.cuda has them. In a build without CUDA, or where there is no GPU, what asks for a stream is
// a DeviceError.

namespace ebb {

class CudaContext;

namespace cuda {

class Event;

/// A queue of one GPU: what is launched on it is done in that order, and at the same time as what other streams have. A
/// value: copies are the same stream. Streams last as long as the process.
class Stream {
 public:
  /// One of the device's 32 of that priority, by turns: 0, or -1 for those whose kernels go first.
  explicit Stream(int device = 0, int priority = 0);
  explicit Stream(CudaContext& context) : context_(&context) {}

  int device() const;
  int priority() const;
  void synchronize() const;             ///< waits until all that was launched on it is done
  bool query() const;                   ///< whether that is so
  void wait_event(const Event&) const;  ///< what is launched from now on waits for what was recorded; the host does not
  void wait_stream(const Stream&) const;  ///< the same, for all that was launched there
  void* native() const;                   ///< the cudaStream_t
  CudaContext& context() const { return *context_; }

  bool operator==(const Stream&) const = default;

 private:
  CudaContext* context_;
};

/// The stream of `device` that this thread launches on; at first the default stream, which is not CUDA's own.
Stream current_stream(int device = 0);
Stream default_stream(int device = 0);
/// Waits until all that was launched on the device is done, on any stream.
void synchronize(int device = 0);

/// For as long as it lives its thread launches on `stream` what it computes on that stream's device. A tensor belongs
/// to the stream on which it was made: to use it on another, wait for what computes it, and call record_stream() unless
/// it lives until the use is over.
class StreamGuard {
 public:
  explicit StreamGuard(const Stream& stream);
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;
  ~StreamGuard();

 private:
  Stream before_;
};

/// A place in a stream.
class Event {
 public:
  explicit Event(bool enable_timing = false);
  Event(Event&&) noexcept;
  Event& operator=(Event&&) noexcept;
  ~Event();

  void record(const Stream& stream = current_stream());      ///< it stands for what was launched there until now
  void wait(const Stream& stream = current_stream()) const;  ///< Stream::wait_event
  void synchronize() const;                                  ///< the host waits for it
  bool query() const;                                        ///< whether it was reached; true where never recorded
  /// Milliseconds from this one to `end`, both reached and made with enable_timing.
  double elapsed_time(const Event& end) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `stream` uses x, too: once x is gone its memory is not given out before what was launched there until then is done.
void record_stream(const Tensor& x, const Stream& stream);

/// Each launch waits for its kernel, so that one that fails is named with its op and the line that called it. Much
/// slower. At first where the environment has EBB_CUDA_SYNC=1.
void set_synchronous(bool waits);
bool is_synchronous();

}  // namespace cuda
}  // namespace ebb
