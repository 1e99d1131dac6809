#include "ebb/core/cuda/check.h"

#include "ebb/core/error.h"

namespace ebb {

void throw_cuda_error(cudaError_t status, Site site) {
  fail<DeviceError>("CUDA reports ", cudaGetErrorName(status), " (", cudaGetErrorString(status), ") at ",
                    to_string(site));
}

void throw_cublas_error(cublasStatus_t status, Site site) {
  fail<DeviceError>("cuBLAS reports ", cublasGetStatusName(status), " (", cublasGetStatusString(status), ") at ",
                    to_string(site));
}

}  // namespace ebb
