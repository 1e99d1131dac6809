#include "ebb/core/cuda/context.h"

#include <array>
#include <atomic>
#include <mutex>

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/error.h"
#include "ebb/core/memory/allocator.h"

namespace ebb {
namespace {

constexpr int max_devices = 64;
constexpr std::size_t cublas_workspace = std::size_t{32} << 20;  // what cuBLAS advises for Hopper

thread_local int current_device = -1;

/// The CUDA runtime has a current device per thread; asking it for it costs more than remembering.
void make_current(int index) {
  if (current_device == index) return;
  cuda_check(cudaSetDevice(index));
  current_device = index;
}

void check_present(int index) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  check<DeviceError>(status != cudaErrorInsufficientDriver, "a tensor is to live on cuda:", index,
                     ", but this machine has no NVIDIA driver, or one that is too old: ", cudaGetErrorString(status));
  if (status != cudaErrorNoDevice) cuda_check(status);
  check<DeviceError>(index >= 0 && index < count, "there is no device cuda:", index, ": this machine has ", count,
                     count == 1 ? " GPU" : " GPUs");
}

}  // namespace

CudaContext::CudaContext(int index) : index_(index) {
  make_current(index);
  cuda_check(cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, index));
  cuda_check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}

cublasHandle_t CudaContext::cublas() {
  if (cublas_ == nullptr) {
    const CublasFunctions& library = cublas_functions();
    cublasHandle_t handle = nullptr;
    cublas_check(library.create(&handle));
    cublas_check(library.set_stream(handle, stream_));
    cublas_check(library.set_workspace(handle, cuda_allocator(index_).allocate(cublas_workspace), cublas_workspace));
    cublas_ = handle;
  }
  return cublas_;
}

void CudaContext::synchronize() { cuda_check(cudaStreamSynchronize(stream_)); }

void copy_bytes(CudaContext& context, std::byte* to, const std::byte* from, std::size_t bytes) {
  cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, context.stream()));
}

int cuda_device_count() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

// Contexts are never destroyed: at the exit of a process CUDA may be gone before the last tensor is.
CudaContext& cuda_context(int index) {
  static std::array<std::atomic<CudaContext*>, max_devices> contexts;
  static std::mutex mutex;
  const auto slot = static_cast<std::size_t>(index);
  if (slot >= contexts.size() || contexts[slot].load(std::memory_order_acquire) == nullptr) {
    const std::lock_guard guard(mutex);
    check_present(index);
    if (contexts.at(slot).load(std::memory_order_relaxed) == nullptr) {
      contexts[slot].store(new CudaContext(index), std::memory_order_release);
    }
  }
  make_current(index);
  return *contexts[slot].load(std::memory_order_acquire);
}

}  // namespace ebb
