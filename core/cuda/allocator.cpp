// The memory of GPUs, for the caching allocator.
#include <array>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include <cuda_runtime_api.h>

#include "ebb/core/cuda/caching_allocator.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/error.h"

namespace ebb {
namespace {

class CudaMemory final : public MemorySource {
 public:
  explicit CudaMemory(int index) : index_(index) {}

  void* allocate(std::size_t bytes) override {
    cuda_context(index_);  // makes the device current
    void* memory = nullptr;
    const cudaError_t status = cudaMalloc(&memory, bytes);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());  // or the next launch would report it
      return nullptr;
    }
    cuda_check(status);
    return memory;
  }

  // cudaFree finds the device by the address. Its status is of no use here: at exit CUDA may be gone already.
  void release(void* memory) noexcept override { static_cast<void>(cudaFree(memory)); }

 private:
  int index_;
};

/// EBB_CUDA_CACHE=0 gives every tensor its own cudaMalloc, so that compute-sanitizer sees its bounds.
bool caching_wanted() {
  const char* value = std::getenv("EBB_CUDA_CACHE");
  return value == nullptr || std::string_view(value) != "0";
}

}  // namespace

// Never destroyed: tensors in static objects may outlive any static object of ours.
Allocator& cuda_allocator(int index) {
  static std::array<CachingAllocator*, 64> allocators{};
  static std::mutex mutex;
  cuda_context(index);  // an Error where there is no such device
  const std::lock_guard guard(mutex);
  CachingAllocator*& allocator = allocators.at(static_cast<std::size_t>(index));
  if (allocator == nullptr) {
    CachingOptions options;
    options.name = "cuda:" + std::to_string(index);
    options.caches = caching_wanted();
    allocator = new CachingAllocator(std::make_unique<CudaMemory>(index), options);
  }
  return *allocator;
}

}  // namespace ebb
