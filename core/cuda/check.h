#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include "ebb/core/site.h"

namespace ebb {

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

}  // namespace ebb
