#include "ebb/core/cuda/context.h"

#include <array>
#include <atomic>

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/error.h"
#include "ebb/core/memory/allocator.h"

namespace ebb {
namespace {

constexpr std::size_t cublas_workspace = std::size_t{32} << 20;  // what cuBLAS advises for Hopper

/// Whether a product on any stream has needed cuBLAS: then one in a capture may.
std::atomic<bool> uses_cublas = false;

struct DestroyCublas {
  void operator()(cublasHandle_t handle) const { static_cast<void>(cublas_functions().destroy(handle)); }
};

struct FreeWorkspace {
  Allocator& allocator;
  void operator()(void* memory) const { allocator.deallocate(memory, cublas_workspace); }
};

/// In a stream of its own, so that its kernels wait for no other's.
cudaStream_t make_stream(int priority) {
  int least = 0, greatest = 0;
  cuda_check(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  cudaStream_t stream = nullptr;
  cuda_check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, priority < 0 ? greatest : least));
  return stream;
}

}  // namespace

CudaContext::CudaContext(int index, int priority) : index_(index), priority_(priority) {
  const CudaDeviceGuard guard(index);
  const auto attribute = [&](cudaDeviceAttr name) {
    int value = 0;
    cuda_check(cudaDeviceGetAttribute(&value, name, index));
    return value;
  };
  multiprocessors_ = attribute(cudaDevAttrMultiProcessorCount);
  compute_capability_ =
      10 * attribute(cudaDevAttrComputeCapabilityMajor) + attribute(cudaDevAttrComputeCapabilityMinor);
  stream_ = make_stream(priority);
}

CublasHandle CudaContext::cublas() {
  std::unique_lock lock(mutex_);
  if (cublas_ == nullptr) {
    check<DeviceError>(!is_capturing(),
                       "cuBLAS is used for the first time, and takes memory for itself, while a graph "
                       "is captured; run the step once before");
    make_cublas();
  }
  return {std::move(lock), cublas_};
}

/// Under the lock.
void CudaContext::make_cublas() {
  const CudaDeviceGuard guard(index_);
  const CublasFunctions& library = cublas_functions();
  cublasHandle_t made = nullptr;
  cublas_check(library.create(&made));
  std::unique_ptr<std::remove_pointer_t<cublasHandle_t>, DestroyCublas> handle(made);
  cublas_check(library.set_stream(made, stream_));
  // Sums of parts of a product are float32 until the result is rounded.
  constexpr int math = CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  cublas_check(library.set_math_mode(made, static_cast<cublasMath_t>(math)));
  Allocator& allocator = cuda_allocator(index_);
  std::unique_ptr<void, FreeWorkspace> workspace(allocator.allocate(cublas_workspace), FreeWorkspace{allocator});
  cublas_check(library.set_workspace(made, workspace.get(), cublas_workspace));
  cublas_ = handle.release();
  static_cast<void>(workspace.release());
  uses_cublas = true;
}

void CudaContext::prepare_for_capture() {
  const std::lock_guard lock(mutex_);
  if (uses_cublas && cublas_ == nullptr) make_cublas();
}

bool CudaContext::is_capturing() const {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  cuda_check(cudaStreamIsCapturing(stream_, &status));
  return status != cudaStreamCaptureStatusNone;
}

void CudaContext::synchronize() {
  check<DeviceError>(!is_capturing(),
                     "waits for the GPU, which is not possible while a graph is captured: nothing is "
                     "computed until it is replayed");
  cuda_check(cudaStreamSynchronize(stream_));
}

void copy_bytes(CudaContext& context, std::byte* to, const std::byte* from, std::size_t bytes) {
  cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, context.stream()));
}

}  // namespace ebb
