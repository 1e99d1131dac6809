// The emulated runtime itself: it refuses what CUDA refuses, with CUDA's numbers, and keeps the order that CUDA keeps.
#include <thread>

#include <cuda_runtime.h>

#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {
namespace {

/// Two streams, an event, and device memory of one float.
struct Fixture {
  Fixture() {
    cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    void* memory = nullptr;
    cudaMalloc(&memory, sizeof(float));
    x = static_cast<float*>(memory);
    *x = 0;
    cudaHostAlloc(&memory, sizeof(float), cudaHostAllocPortable);
    pinned = static_cast<float*>(memory);
    *pinned = 5;
  }
  ~Fixture() {
    for (const cudaStream_t stream : {a, b}) cudaStreamDestroy(stream);
    cudaEventDestroy(event);
    cudaFree(x);
    cudaFreeHost(pinned);
    static_cast<void>(cudaGetLastError());
  }

  void add_on(cudaStream_t stream) const {
    emulator::enqueue(stream, [to = x] { *to += 1; });
  }
  cudaError_t end(cudaGraph_t* graph) const { return cudaStreamEndCapture(a, graph); }

  cudaStream_t a = nullptr, b = nullptr;
  cudaEvent_t event = nullptr;
  float *x = nullptr, *pinned = nullptr;
};

cudaError_t begin(cudaStream_t stream) { return cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal); }

}  // namespace

TEST_CASE("lazy streams do their work in order when something waits, each for itself") {
  const Fixture f;
  const emulator::LazyStreams lazy;
  f.add_on(f.a);
  cudaEventRecord(f.event, f.a);
  f.add_on(f.a);
  CHECK(*f.x == 0);
  CHECK(cudaStreamSynchronize(f.b) == cudaSuccess);
  CHECK(*f.x == 0);
  CHECK(cudaStreamWaitEvent(f.b, f.event) == cudaSuccess);
  CHECK(cudaStreamSynchronize(f.b) == cudaSuccess);
  CHECK(*f.x == 1);  // up to the event
  CHECK(cudaEventQuery(f.event) == cudaSuccess);
  CHECK(cudaStreamQuery(f.a) == cudaErrorNotReady);
  CHECK(cudaStreamSynchronize(f.a) == cudaSuccess);
  CHECK(*f.x == 2);
}

TEST_CASE("copies from pinned memory read it when they are done, from other memory when they are called") {
  const Fixture f;
  float ordinary = 3;
  const emulator::LazyStreams lazy;
  cudaMemcpyAsync(f.x, &ordinary, sizeof ordinary, cudaMemcpyDefault, f.a);
  ordinary = 4;
  cudaStreamSynchronize(f.a);
  CHECK(*f.x == 3);
  cudaMemcpyAsync(f.x, f.pinned, sizeof ordinary, cudaMemcpyDefault, f.a);
  *f.pinned = 6;
  cudaStreamSynchronize(f.a);
  CHECK(*f.x == 6);
  CHECK(emulator::is_pinned(f.pinned));
  CHECK_FALSE(emulator::is_pinned(&ordinary));
}

TEST_CASE("what is captured is done by each launch of its graph") {
  const Fixture f;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CHECK(begin(f.a) == cudaSuccess);
  CHECK(begin(f.b) == cudaErrorStreamCaptureUnsupported);  // one a thread
  f.add_on(f.a);
  CHECK(f.end(&graph) == cudaSuccess);
  CHECK(*f.x == 0);
  CHECK(cudaGraphInstantiate(&exec, graph, 0) == cudaSuccess);
  for (int i = 0; i < 2; ++i) cudaGraphLaunch(exec, f.b);
  CHECK(*f.x == 2);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  CHECK(f.end(&graph) == cudaErrorStreamCaptureUnmatched);
}

TEST_CASE("a capture refuses what would wait, and what other threads may do it does not mind") {
  const Fixture f;
  cudaGraph_t graph = nullptr;
  const auto breaks = [&](const auto& call) {
    CHECK(begin(f.a) == cudaSuccess);
    CHECK(call() == cudaErrorStreamCaptureUnsupported);
    f.add_on(f.a);
    CHECK(f.end(&graph) == cudaErrorStreamCaptureInvalidated);
    CHECK(graph == nullptr);
  };
  float ordinary = 0;
  void* memory = nullptr;
  breaks([&] { return cudaStreamSynchronize(f.a); });
  breaks([&] { return cudaStreamQuery(f.a); });
  breaks([&] { return cudaDeviceSynchronize(); });
  breaks([&] { return cudaMalloc(&memory, 8); });
  breaks([&] { return cudaFree(f.x); });
  breaks([&] { return cudaHostAlloc(&memory, 8, cudaHostAllocPortable); });
  breaks([&] { return cudaMemcpyAsync(f.x, &ordinary, 4, cudaMemcpyDefault, f.a); });
  breaks([&] { return cudaMemcpyAsync(&ordinary, f.x, 4, cudaMemcpyDefault, f.a); });
  CHECK(begin(f.a) == cudaSuccess);
  std::thread([&] {
    CHECK(cudaMalloc(&memory, 8) == cudaSuccess);
    CHECK(cudaFree(memory) == cudaSuccess);
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(f.end(&graph) == cudaErrorStreamCaptureWrongThread);
  }).join();
  auto mode = cudaStreamCaptureModeRelaxed;
  cudaThreadExchangeStreamCaptureMode(&mode);
  CHECK(cudaMalloc(&memory, 8) == cudaSuccess);
  CHECK(cudaFree(memory) == cudaSuccess);
  cudaThreadExchangeStreamCaptureMode(&mode);
  CHECK(cudaMemcpyAsync(f.x, f.pinned, 4, cudaMemcpyDefault, f.a) == cudaSuccess);
  CHECK(f.end(&graph) == cudaSuccess);
  cudaGraphDestroy(graph);
}

TEST_CASE("events draw a stream into a capture, which it must come back from") {
  const Fixture f;
  cudaGraph_t graph = nullptr;
  const auto fork = [&] {
    CHECK(begin(f.a) == cudaSuccess);
    cudaEventRecord(f.event, f.a);
    CHECK(cudaStreamWaitEvent(f.b, f.event) == cudaSuccess);
    f.add_on(f.b);
    CHECK(*f.x == 0);
    CHECK(cudaEventQuery(f.event) == cudaErrorCapturedEvent);
  };
  fork();
  CHECK(f.end(&graph) == cudaErrorStreamCaptureUnjoined);
  fork();
  cudaEventRecord(f.event, f.b);
  CHECK(cudaStreamWaitEvent(f.a, f.event) == cudaSuccess);
  CHECK(f.end(&graph) == cudaSuccess);
  cudaGraphDestroy(graph);
  cudaEventRecord(f.event, f.b);
  CHECK(begin(f.a) == cudaSuccess);
  CHECK(cudaStreamWaitEvent(f.a, f.event) == cudaErrorStreamCaptureIsolation);  // recorded outside
  CHECK(f.end(&graph) == cudaSuccess);
  cudaGraphDestroy(graph);
}

TEST_CASE("a launch on a stream of another device is refused") {
  emulator::set_device_count(2);
  {
    const Fixture f;
    cudaSetDevice(1);
    CHECK_FALSE(emulator::accepts_launch(f.a, dim3(1), dim3(32)));
    CHECK(cudaGetLastError() == cudaErrorInvalidResourceHandle);
    cudaSetDevice(0);
    CHECK(emulator::accepts_launch(f.a, dim3(1), dim3(32)));
    CHECK_FALSE(emulator::accepts_launch(f.a, dim3(1), dim3(2048)));
    CHECK(cudaPeekAtLastError() == cudaErrorInvalidConfiguration);
  }
  emulator::set_device_count(1);
}

}  // namespace ebb::test
