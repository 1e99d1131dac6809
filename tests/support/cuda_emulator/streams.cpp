// Streams and events: queues in order, which events order among each other.
#include "tests/support/cuda_emulator/streams.h"

#include <cstring>
#include <map>
#include <utility>

#include <cuda.h>
#include <cuda_runtime.h>

namespace emulator {
namespace {

std::atomic<int> lazy = 0;

struct Streams {
  std::mutex mutex;
  std::vector<CUstream_st*> all;
  std::map<int, CUstream_st*> defaults;  // that the null stream stands for
};

Streams& streams() {
  static auto* instance = new Streams;
  return *instance;
}

// Made before there are threads: ThreadSanitizer does not see who makes them first.
[[maybe_unused]] const auto& made_early = streams();

CUstream_st* make_stream(int device, int priority) {
  auto* stream = new CUstream_st;
  stream->device = device;
  stream->priority = priority;
  streams().all.push_back(stream);
  return stream;
}

/// Does the next piece; false where there is none.
bool do_next(CUstream_st& stream) {
  const std::lock_guard running(stream.running);
  Work work;
  {
    const std::lock_guard guard(stream.mutex);
    if (stream.work.empty()) return false;
    work = std::move(stream.work.front());
    stream.work.pop_front();
  }
  work();
  return true;
}

/// Does what precedes a record of the event, which was in `stream`.
void finish_event(const EventState& event, std::uint64_t version, CUstream_st& stream) {
  while (event.done < version && do_next(stream)) {
  }
}

bool is_captured(CUstream_st& stream) {
  const std::lock_guard guard(stream.mutex);
  return stream.capture != nullptr;
}

/// A call that waits for, or asks after, a stream of a capture breaks that.
cudaError_t break_capture(CUstream_st& stream) {
  const std::lock_guard guard(stream.mutex);
  stream.capture->is_invalid = true;
  return failed(cudaErrorStreamCaptureUnsupported);
}

void record_in_capture(CUstream_st& stream, EventState& event) {
  event.capture = stream.capture;
  event.stream = &stream;
  event.place = stream.given;
}

/// Under no lock: what the origin waits for is joined, a stream that waits for the capture is drawn in.
cudaError_t wait_in_capture(CUstream_st& stream, const EventState& event) {
  const std::shared_ptr<Capture> capture = event.capture;
  if (stream.capture == nullptr) {
    const std::lock_guard guard(stream.mutex);
    stream.capture = capture;
    stream.is_joined = false;
    capture->streams.push_back(&stream);
    return cudaSuccess;
  }
  if (stream.capture != capture) return failed(cudaErrorStreamCaptureIsolation);
  if (event.stream != capture->origin && event.place == event.stream->given) event.stream->is_joined = true;
  return cudaSuccess;
}

}  // namespace

LazyStreams::LazyStreams() { ++lazy; }

LazyStreams::~LazyStreams() {
  --lazy;
  for (CUstream_st* stream : streams().all) finish(*stream);
}

CUstream_st& stream_of(cudaStream_t stream) {
  if (stream != nullptr) return *stream;
  const std::lock_guard guard(streams().mutex);
  CUstream_st*& of_device = streams().defaults[this_device()];
  if (of_device == nullptr) of_device = make_stream(this_device(), 0);
  return *of_device;
}

int enqueue(CUstream_st* to, std::function<void()> work, bool waits) {
  CUstream_st& stream = stream_of(to);
  {
    const std::lock_guard guard(stream.mutex);
    ++stream.given;
    if (stream.capture != nullptr) {
      if (stream.capture->is_invalid) return failed(cudaErrorStreamCaptureInvalidated);
      if (&stream != stream.capture->origin) stream.is_joined = false;
      stream.capture->work.push_back(std::move(work));
      return cudaSuccess;
    }
    if (lazy > 0) {
      stream.work.push_back(std::move(work));
      return cudaSuccess;
    }
  }
  if (waits) wait_until_idle(stream.device);
  const std::lock_guard running(stream.running);
  work();
  return cudaSuccess;
}

void detail::enqueue_launch(CUstream_st* stream, const dim3& grid, const dim3& block, std::size_t shared_bytes,
                            Body body, const void* closure, std::size_t bytes) {
  struct alignas(CUtensorMap) Piece {
    unsigned char bytes[alignof(CUtensorMap)];
  };
  std::vector<Piece> kept((bytes + sizeof(Piece) - 1) / sizeof(Piece));
  std::memcpy(kept.data(), closure, bytes);
  enqueue(stream, [=, kept = std::move(kept)] { launch(grid, block, shared_bytes, body, kept.data()); });
}

void finish(CUstream_st& stream) {
  wait_until_idle(stream.device);
  while (do_next(stream)) {
  }
}

void finish_device(int device) {
  std::vector<CUstream_st*> all;
  {
    const std::lock_guard guard(streams().mutex);
    all = streams().all;
  }
  for (CUstream_st* stream : all) {
    if (stream->device == device) finish(*stream);
  }
}

}  // namespace emulator

using emulator::failed;

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int priority) {
  const std::lock_guard guard(emulator::streams().mutex);
  *stream = emulator::make_stream(emulator::this_device(), priority);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  emulator::finish(*stream);
  const std::lock_guard guard(emulator::streams().mutex);
  std::erase(emulator::streams().all, stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t to) {
  CUstream_st& stream = emulator::stream_of(to);
  if (emulator::is_captured(stream)) return emulator::break_capture(stream);
  ++emulator::counts().host_waits;
  emulator::finish(stream);
  return emulator::fault();
}

/// Whoever asks lets the stream get on by one piece.
cudaError_t cudaStreamQuery(cudaStream_t to) {
  CUstream_st& stream = emulator::stream_of(to);
  if (emulator::is_captured(stream)) return emulator::break_capture(stream);
  const bool has_work = emulator::do_next(stream);
  return has_work || !emulator::is_idle(stream.device) ? failed(cudaErrorNotReady) : emulator::fault();
}

cudaError_t cudaDeviceSynchronize() {
  if (!emulator::may_call_unsafe()) return failed(cudaErrorStreamCaptureUnsupported);
  ++emulator::counts().host_waits;
  emulator::finish_device(emulator::this_device());
  return emulator::fault();
}

cudaError_t cudaStreamWaitEvent(cudaStream_t to, cudaEvent_t event, unsigned) {
  CUstream_st& stream = emulator::stream_of(to);
  const std::shared_ptr<emulator::EventState> state = event->state;
  if (state->capture != nullptr) return emulator::wait_in_capture(stream, *state);
  if (emulator::is_captured(stream)) return failed(cudaErrorStreamCaptureIsolation);
  if (state->recorded == 0 || state->stream == &stream) return cudaSuccess;
  const std::uint64_t version = state->recorded;
  return static_cast<cudaError_t>(emulator::enqueue(
      &stream, [state, version, from = state->stream] { emulator::finish_event(*state, version, *from); }));
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->device = emulator::this_device();
  (*event)->has_time = (flags & cudaEventDisableTiming) == 0;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t to) {
  CUstream_st& stream = emulator::stream_of(to);
  if (event->device != stream.device) return failed(cudaErrorInvalidResourceHandle);
  const std::shared_ptr<emulator::EventState> state = event->state;
  {
    const std::lock_guard guard(stream.mutex);
    if (stream.capture != nullptr) {
      emulator::record_in_capture(stream, *state);
      return cudaSuccess;
    }
    state->capture = nullptr;
    state->stream = &stream;
    if (emulator::lazy == 0 && stream.work.empty()) {
      state->time = emulator::Clock::now();
      state->done = ++state->recorded;
      return cudaSuccess;
    }
  }
  const std::uint64_t version = ++state->recorded;
  return static_cast<cudaError_t>(emulator::enqueue(&stream, [state, version] {
    state->time = emulator::Clock::now();
    state->done = version;
  }));
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  emulator::EventState& state = *event->state;
  if (state.capture != nullptr) return failed(cudaErrorCapturedEvent);
  if (!emulator::is_idle(event->device)) return failed(cudaErrorNotReady);
  if (state.done == state.recorded) return emulator::fault();
  emulator::do_next(*state.stream);
  return failed(cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  emulator::EventState& state = *event->state;
  if (state.capture != nullptr) return failed(cudaErrorCapturedEvent);
  ++emulator::counts().host_waits;
  emulator::wait_until_idle(event->device);
  emulator::finish_event(state, state.recorded, *state.stream);
  return emulator::fault();
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (!start->has_time || !end->has_time || start->state->recorded == 0 || end->state->recorded == 0) {
    return failed(cudaErrorInvalidResourceHandle);
  }
  const bool is_done = start->state->done == start->state->recorded && end->state->done == end->state->recorded;
  if (!is_done) return failed(cudaErrorNotReady);
  *milliseconds = std::chrono::duration<float, std::milli>(end->state->time - start->state->time).count();
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
