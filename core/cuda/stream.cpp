#include "ebb/core/streams/stream.h"

#include <utility>

#include "ebb/core/cuda/allocators.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/streams/graph.h"

namespace ebb::cuda {

Stream::Stream(int device, int priority) : context_(&next_cuda_context(device, priority)) {}

int Stream::device() const { return context_->index(); }
int Stream::priority() const { return context_->priority(); }
void Stream::synchronize() const { context_->synchronize(); }
void* Stream::native() const { return context_->stream(); }
void Stream::wait_event(const Event& event) const { event.wait(*this); }

bool Stream::query() const {
  const cudaError_t status = cudaStreamQuery(context_->stream());
  if (status != cudaErrorNotReady) cuda_check(status);
  if (status == cudaErrorNotReady) static_cast<void>(cudaGetLastError());
  return status == cudaSuccess;
}

void Stream::wait_stream(const Stream& other) const {
  if (*this == other) return;
  Event event;
  event.record(other);
  event.wait(*this);
}

Stream current_stream(int device) { return Stream(cuda_context(device)); }
Stream default_stream(int device) { return Stream(default_cuda_context(device)); }

void synchronize(int device) {
  cuda_context(device);  // an Error where there is no such device
  check<DeviceError>(!is_capturing(), "waits for the GPU, which is not possible while a graph is captured");
  const CudaDeviceGuard guard(device);
  cuda_check(cudaDeviceSynchronize());
}

StreamGuard::StreamGuard(const Stream& stream) : before_(current_stream(stream.device())) {
  set_cuda_context(stream.context());
}

StreamGuard::~StreamGuard() { set_cuda_context(before_.context()); }

/// Of the device of the stream that it was last recorded in.
struct Event::State {
  bool has_time;
  int device = -1;
  cudaEvent_t event = nullptr;

  explicit State(bool enable_timing) : has_time(enable_timing) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { drop(); }

  void drop() {
    if (event != nullptr) static_cast<void>(cudaEventDestroy(std::exchange(event, nullptr)));
  }

  void belong_to(int index) {
    if (device == index) return;
    drop();
    device = -1;
    const CudaDeviceGuard guard(index);
    cuda_check(cudaEventCreateWithFlags(&event, has_time ? cudaEventDefault : cudaEventDisableTiming));
    device = index;
  }
};

Event::Event(bool enable_timing) : state_(std::make_unique<State>(enable_timing)) {}
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;

void Event::record(const Stream& stream) {
  state_->belong_to(stream.device());
  const CudaDeviceGuard guard(stream.device());
  cuda_check(cudaEventRecord(state_->event, stream.context().stream()));
}

void Event::wait(const Stream& stream) const {
  if (state_->event == nullptr) return;
  const CudaDeviceGuard guard(stream.device());
  cuda_check(cudaStreamWaitEvent(stream.context().stream(), state_->event, 0));
}

void Event::synchronize() const {
  if (state_->event != nullptr) cuda_check(cudaEventSynchronize(state_->event));
}

bool Event::query() const {
  if (state_->event == nullptr) return true;
  const cudaError_t status = cudaEventQuery(state_->event);
  if (status != cudaErrorNotReady) cuda_check(status);
  if (status == cudaErrorNotReady) static_cast<void>(cudaGetLastError());
  return status == cudaSuccess;
}

double Event::elapsed_time(const Event& end) const {
  const bool are_timed = state_->has_time && end.state_->has_time;
  check(are_timed, "elapsed_time: both events must be made with enable_timing");
  check(state_->event != nullptr && end.state_->event != nullptr, "elapsed_time: both events must have been recorded");
  check(query() && end.query(), "elapsed_time: both events must have been reached; call end.synchronize() before");
  float milliseconds = 0;
  cuda_check(cudaEventElapsedTime(&milliseconds, state_->event, end.state_->event));
  return static_cast<double>(milliseconds);
}

void record_stream(const Tensor& x, const Stream& stream) {
  if (x.is_cuda()) caching_allocator(x.device().index).record_stream(x.storage().data(), &stream.context());
  if (x.device().is_cpu()) caching_pinned_allocator().record_stream(x.storage().data(), &stream.context());
}

}  // namespace ebb::cuda
