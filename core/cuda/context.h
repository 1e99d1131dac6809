#pragma once

#include <memory>
#include <mutex>

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include "ebb/core/context.h"

namespace ebb {

/// cuBLAS, for as long as it lives for its thread alone.
class CublasHandle {
 public:
  CublasHandle(std::unique_lock<std::recursive_mutex> lock, cublasHandle_t handle)
      : lock_(std::move(lock)), handle_(handle) {}
  operator cublasHandle_t() const { return handle_; }

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  cublasHandle_t handle_;
};

/// A stream of one GPU as kernels see it: what everything runs on, and the handles of the libraries for it. Never
/// destroyed.
class CudaContext {
 public:
  CudaContext(int index, int priority);
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  int index() const { return index_; }
  Device device() const { return {DeviceType::cuda, static_cast<std::int16_t>(index_)}; }
  int priority() const { return priority_; }
  cudaStream_t stream() const { return stream_; }
  int multiprocessors() const { return multiprocessors_; }
  /// 90 of compute capability 9.0.
  int compute_capability() const { return compute_capability_; }
  /// Made on first use, which must not be in a capture. It computes on the stream, with a workspace of its own and
  /// float32 without TF32. A DeviceError where cuBLAS is missing.
  CublasHandle cublas();
  /// Makes what a capture on the stream may need and could not make itself.
  void prepare_for_capture();
  /// Whether work of the stream goes into a graph instead of being done.
  bool is_capturing() const;
  /// Waits until all that was launched is done. An Error while it is captured.
  void synchronize();

 private:
  void make_cublas();

  int index_, priority_;
  int multiprocessors_ = 0, compute_capability_ = 0;
  cudaStream_t stream_ = nullptr;
  std::recursive_mutex mutex_;
  cublasHandle_t cublas_ = nullptr;
};

/// The stream that every thread launches on which has chosen no other.
CudaContext& default_cuda_context(int index);
/// One of the streams that can be chosen: each call gives the next of some, as there are no more.
CudaContext& next_cuda_context(int index, int priority);
/// Chooses what cuda_context(context.index()) is on this thread.
void set_cuda_context(CudaContext& context);

}  // namespace ebb
