// Captures and graphs: while a stream is captured its work is kept, and done by each launch of the graph.
#include <utility>

#include "tests/support/cuda_emulator/streams.h"

struct CUgraph_st {
  std::vector<emulator::Work> work;
};
struct CUgraphExec_st {
  std::shared_ptr<std::vector<emulator::Work>> work;
};

namespace emulator {
namespace {

thread_local Capture* of_thread = nullptr;
thread_local cudaStreamCaptureMode mode_of_thread = cudaStreamCaptureModeGlobal;

void leave_capture(CUstream_st& stream) {
  const std::lock_guard guard(stream.mutex);
  stream.capture = nullptr;
  stream.is_joined = true;
}

}  // namespace

bool may_call_unsafe() {
  if (of_thread == nullptr || mode_of_thread == cudaStreamCaptureModeRelaxed) return true;
  of_thread->is_invalid = true;
  return false;
}

}  // namespace emulator

using emulator::failed;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (stream == nullptr || emulator::of_thread != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
  const std::lock_guard guard(stream->mutex);
  if (stream->capture != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
  stream->capture = std::make_shared<emulator::Capture>();
  stream->capture->origin = stream;
  stream->capture->thread = std::this_thread::get_id();
  stream->capture->mode = mode;
  emulator::of_thread = mode == cudaStreamCaptureModeRelaxed ? nullptr : stream->capture.get();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<emulator::Capture> capture = stream->capture;
  if (capture == nullptr || capture->origin != stream) return failed(cudaErrorStreamCaptureUnmatched);
  if (capture->thread != std::this_thread::get_id()) return failed(cudaErrorStreamCaptureWrongThread);
  bool is_joined = true;
  for (CUstream_st* other : capture->streams) {
    is_joined = is_joined && other->is_joined;
    emulator::leave_capture(*other);
  }
  emulator::leave_capture(*stream);
  emulator::of_thread = nullptr;
  if (capture->is_invalid) return failed(cudaErrorStreamCaptureInvalidated);
  if (!is_joined) return failed(cudaErrorStreamCaptureUnjoined);
  *graph = new CUgraph_st{std::move(capture->work)};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t to, cudaStreamCaptureStatus* status) {
  CUstream_st& stream = emulator::stream_of(to);
  const std::lock_guard guard(stream.mutex);
  *status = stream.capture == nullptr    ? cudaStreamCaptureStatusNone
            : stream.capture->is_invalid ? cudaStreamCaptureStatusInvalidated
                                         : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, emulator::mode_of_thread);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new CUgraphExec_st{std::make_shared<std::vector<emulator::Work>>(graph->work)};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  ++emulator::counts().graph_launches;
  return static_cast<cudaError_t>(emulator::enqueue(stream, [work = exec->work] {
    for (const emulator::Work& piece : *work) piece();
  }));
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
