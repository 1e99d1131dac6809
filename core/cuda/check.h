#pragma once

#include <atomic>

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include "ebb/core/site.h"

namespace ebb {

class CudaContext;

/// Throws a DeviceError with the name and the text of what CUDA reports, and the line of the call.
void throw_cuda_error(cudaError_t status, Site site);
void throw_cublas_error(cublasStatus_t status, Site site);

inline void cuda_check(cudaError_t status, Site site = Site::current()) {
  if (status != cudaSuccess) [[unlikely]] {
    throw_cuda_error(status, site);
  }
}

inline void cublas_check(cublasStatus_t status, Site site = Site::current()) {
  if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]] {
    throw_cublas_error(status, site);
  }
}

/// Whether a GPU could not go on: a kernel has failed, and nothing works on its device any more.
bool is_fault(cudaError_t status);

namespace cuda_detail {
extern std::atomic<bool> waits_after_launches;
[[noreturn]] void fail_before_launch(const void* kernel);
void check_launched(CudaContext& context, const void* kernel);
}  // namespace cuda_detail

/// Around each launch of a kernel, so that what goes wrong names it, and what went wrong before does not.
inline void before_launch(const void* kernel) {
  if (cudaPeekAtLastError() != cudaSuccess) [[unlikely]] {
    cuda_detail::fail_before_launch(kernel);
  }
}
inline void after_launch(CudaContext& context, const void* kernel) {
  const bool waits = cuda_detail::waits_after_launches.load(std::memory_order_relaxed);
  if (waits || cudaPeekAtLastError() != cudaSuccess) [[unlikely]] {
    cuda_detail::check_launched(context, kernel);
  }
}

}  // namespace ebb
