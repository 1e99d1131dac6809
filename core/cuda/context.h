#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include "ebb/core/context.h"

namespace ebb {

/// One GPU as kernels see it: the stream that everything runs on, and the handles of the libraries.
class CudaContext {
 public:
  explicit CudaContext(int index);
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  int index() const { return index_; }
  Device device() const { return {DeviceType::cuda, static_cast<std::int16_t>(index_)}; }
  cudaStream_t stream() const { return stream_; }
  int multiprocessors() const { return multiprocessors_; }
  /// Made on first use. It computes on the stream, with a workspace of its own and float32 without TF32. A DeviceError
  /// where cuBLAS is missing.
  cublasHandle_t cublas();
  /// Waits until all that was launched is done.
  void synchronize();

 private:
  int index_;
  int multiprocessors_ = 0;
  cudaStream_t stream_ = nullptr;
  cublasHandle_t cublas_ = nullptr;
};

}  // namespace ebb
