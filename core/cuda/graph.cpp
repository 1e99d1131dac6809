#include "ebb/core/streams/graph.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ebb/core/cuda/allocators.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/streams/stream.h"

namespace ebb {

static thread_local LiveValues* of_thread = nullptr;

LiveValues* current_capture() { return of_thread; }

RelaxedCapture::RelaxedCapture() : before_(-1) {
  if (of_thread == nullptr) return;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  cuda_check(cudaThreadExchangeStreamCaptureMode(&mode));
  before_ = static_cast<int>(mode);
}

RelaxedCapture::~RelaxedCapture() {
  if (before_ < 0) return;
  auto mode = static_cast<cudaStreamCaptureMode>(before_);
  static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode));
}

namespace cuda {
namespace {

/// Streams that only captures use, one at a time: nobody else's work gets into a graph.
class CaptureStreams {
 public:
  CudaContext& take(int device) {
    const std::lock_guard guard(mutex_);
    const auto is_of_device = [&](const CudaContext* context) { return context->index() == device; };
    const auto found = std::ranges::find_if(free_, is_of_device);
    if (found == free_.end()) return *new CudaContext(device, 0);
    CudaContext* context = *found;
    free_.erase(found);
    return *context;
  }

  void give_back(CudaContext& context) {
    const std::lock_guard guard(mutex_);
    free_.push_back(&context);
  }

 private:
  std::mutex mutex_;
  std::vector<CudaContext*> free_;
};

CaptureStreams& capture_streams() {
  static auto* streams = new CaptureStreams;
  return *streams;
}

/// From its start to end() the thread captures.
class Capturing {
 public:
  Capturing(LiveValues& values, CudaContext& context) : context_(context), guard_(Stream(context)) {
    context.prepare_for_capture();
    CachingAllocator& pinned = caching_pinned_allocator();
    caching_allocator(context.index()).begin_capture(&values);
    pinned.begin_capture(&values);
    of_thread = &values;
    const cudaError_t status = cudaStreamBeginCapture(context.stream(), cudaStreamCaptureModeThreadLocal);
    if (status == cudaSuccess) return;
    leave();
    cuda_check(status);
  }
  Capturing(const Capturing&) = delete;
  Capturing& operator=(const Capturing&) = delete;

  ~Capturing() {
    if (is_over_) return;
    cudaGraph_t graph = nullptr;
    static_cast<void>(cudaStreamEndCapture(context_.stream(), &graph));
    if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
    static_cast<void>(cudaGetLastError());
    leave();
  }

  cudaGraph_t end() {
    cudaGraph_t graph = nullptr;
    const cudaError_t status = cudaStreamEndCapture(context_.stream(), &graph);
    leave();
    cuda_check(status);
    return graph;
  }

 private:
  void leave() {
    is_over_ = true;
    of_thread = nullptr;
    caching_allocator(context_.index()).end_capture();
    caching_pinned_allocator().end_capture();
  }

  CudaContext& context_;
  StreamGuard guard_;
  bool is_over_ = false;
};

}  // namespace

struct Graph::State {
  int device;
  std::unique_ptr<LiveValues> values;  // also what the graph's memory is told by
  CudaContext* context = nullptr;      // that it was captured on
  cudaGraphExec_t exec = nullptr;
  Event last;  // after the last replay
  std::optional<Stream> last_stream;

  explicit State(int index) : device(index) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { forget(); }

  void forget() noexcept {
    if (values == nullptr) return;
    const RelaxedCapture relaxed;  // another graph may be captured meanwhile
    if (last_stream) static_cast<void>(cudaStreamSynchronize(last_stream->context().stream()));  // its memory is in use
    last_stream.reset();
    if (exec != nullptr) static_cast<void>(cudaGraphExecDestroy(std::exchange(exec, nullptr)));
    values->clear();  // its tables are in the pool
    caching_allocator(device).close_pool(values.get());
    caching_pinned_allocator().close_pool(values.get());
    values = nullptr;
    if (context != nullptr) capture_streams().give_back(*std::exchange(context, nullptr));
  }

  void instantiate(cudaGraph_t graph) {
    const cudaError_t status = cudaGraphInstantiate(&exec, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    cuda_check(status);
  }
};

Graph::Graph(int device) : state_(std::make_unique<State>(device)) {
  caching_allocator(device);  // an Error where there is no such device
}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

bool Graph::is_captured() const { return state_->exec != nullptr; }
void Graph::reset() {
  check<DeviceError>(!is_capturing(), "a graph cannot go while another is captured: its memory may be in use");
  state_->forget();
}

void Graph::capture(const std::function<void()>& step, Site site) {
  {
    const OpScope op("cuda::Graph::capture", site);
    check<DeviceError>(current_capture() == nullptr, "this thread captures a graph already; one step is one graph");
  }
  State& state = *state_;
  state.forget();
  state.values = std::make_unique<LiveValues>(Device{DeviceType::cuda, static_cast<std::int16_t>(state.device)});
  state.context = &capture_streams().take(state.device);
  const CudaDeviceGuard device(state.device);
  try {
    Capturing capturing(*state.values, *state.context);
    step();
    const OpScope op("cuda::Graph::capture", site);
    state.instantiate(capturing.end());
  } catch (...) {
    state.forget();
    throw;
  }
}

void Graph::replay(Site site) {
  const OpScope op("cuda::Graph::replay", site);
  State& state = *state_;
  check(is_captured(), "nothing was captured; call capture(step) first");
  CudaContext& context = cuda_context(state.device);
  check<DeviceError>(!context.is_capturing(), "a graph is not replayed in the capture of another");
  const Stream stream(context);
  const CudaDeviceGuard device(state.device);
  if (state.last_stream && *state.last_stream != stream) state.last.wait(stream);
  state.values->refresh(context);
  cuda_check(cudaGraphLaunch(state.exec, context.stream()));
  state.last.record(stream);
  state.last_stream = stream;
}

bool is_capturing() { return current_capture() != nullptr; }

}  // namespace cuda
}  // namespace ebb
