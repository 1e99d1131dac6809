// The memory of GPUs, and that of the host which they reach, for the caching allocators.
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <cuda_runtime_api.h>

#include "ebb/core/cuda/allocators.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/error.h"

namespace ebb {
namespace {

CudaContext& context_of(void* stream) { return *static_cast<CudaContext*>(stream); }
cudaEvent_t event_of(void* mark) { return static_cast<cudaEvent_t>(mark); }

/// Marks are events. Their failures are of no use: what has failed is the device, which the next call of the user
/// tells.
class StreamedMemory : public MemorySource {
 public:
  void* make_mark(void* stream) override {
    const CudaDeviceGuard guard(context_of(stream).index());
    cudaEvent_t event = nullptr;
    cuda_check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
  }
  void set_mark(void* mark, void* stream) noexcept override {
    static_cast<void>(cudaEventRecord(event_of(mark), context_of(stream).stream()));
  }
  bool is_passed(void* mark) noexcept override {
    if (cudaEventQuery(event_of(mark)) != cudaErrorNotReady) return true;
    static_cast<void>(cudaGetLastError());
    return false;
  }
  void wait_for(void* mark) noexcept override { static_cast<void>(cudaEventSynchronize(event_of(mark))); }
  void drop_mark(void* mark) noexcept override { static_cast<void>(cudaEventDestroy(event_of(mark))); }
};

/// Null where there is no more.
template <class Allocate>
void* allocated(Allocate&& allocate) {
  const RelaxedCapture relaxed;
  void* memory = nullptr;
  const cudaError_t status = allocate(&memory);
  if (status == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());  // or the next launch would report it
    return nullptr;
  }
  cuda_check(status);
  return memory;
}

class CudaMemory final : public StreamedMemory {
 public:
  explicit CudaMemory(int index) : index_(index) {}

  void* allocate(std::size_t bytes) override {
    const CudaDeviceGuard guard(index_);
    return allocated([&](void** memory) { return cudaMalloc(memory, bytes); });
  }

  // cudaFree finds the device by the address. Its status is of no use here: at exit CUDA may be gone already.
  void release(void* memory) noexcept override { static_cast<void>(cudaFree(memory)); }

  void* current_stream() override { return &cuda_context(index_); }
  const void* current_pool() override {
    const LiveValues* capture = current_capture();
    const bool is_of_graph = capture != nullptr && capture->has_memory() && capture->device().index == index_;
    return is_of_graph ? capture : nullptr;
  }

 private:
  int index_;
};

class PinnedMemory final : public StreamedMemory {
 public:
  void* allocate(std::size_t bytes) override {
    return allocated([&](void** memory) { return cudaHostAlloc(memory, bytes, cudaHostAllocPortable); });
  }
  void release(void* memory) noexcept override { static_cast<void>(cudaFreeHost(memory)); }
};

/// EBB_CUDA_CACHE=0 gives every tensor its own cudaMalloc, so that compute-sanitizer sees its bounds.
bool caching_wanted() {
  const char* value = std::getenv("EBB_CUDA_CACHE");
  return value == nullptr || std::string_view(value) != "0";
}

CachingAllocator* make_allocator(int index) {
  default_cuda_context(index);  // an Error where there is no such device
  CachingOptions options;
  options.name = "cuda:" + std::to_string(index);
  options.caches = caching_wanted();
  return new CachingAllocator(std::make_unique<CudaMemory>(index), options);
}

CachingAllocator* make_pinned_allocator() {
  default_cuda_context(0);
  CachingOptions options;
  options.name = "the host, pinned";
  options.caches = caching_wanted();
  return new CachingAllocator(std::make_unique<PinnedMemory>(), options);
}

}  // namespace

// Never destroyed: tensors in static objects may outlive any static object of ours.
CachingAllocator& caching_allocator(int index) {
  static std::array<std::atomic<CachingAllocator*>, 64> allocators{};
  static std::mutex mutex;
  const auto place = static_cast<std::size_t>(index);
  CachingAllocator* made = place < allocators.size() ? allocators[place].load(std::memory_order_acquire) : nullptr;
  if (made != nullptr) return *made;
  const std::lock_guard guard(mutex);
  if (place < allocators.size()) made = allocators[place].load(std::memory_order_relaxed);
  if (made == nullptr) {
    made = make_allocator(index);
    allocators.at(place).store(made, std::memory_order_release);
  }
  return *made;
}

CachingAllocator& caching_pinned_allocator() {
  static CachingAllocator* const allocator = make_pinned_allocator();
  return *allocator;
}

Allocator& cuda_allocator(int index) { return caching_allocator(index); }
Allocator& cuda_pinned_allocator() { return caching_pinned_allocator(); }

}  // namespace ebb
