#include "ebb/core/cuda/check.h"

#include "ebb/core/cuda/cublas.h"
#include "ebb/core/error.h"

namespace ebb {

void throw_cuda_error(cudaError_t status, Site site) {
  fail<DeviceError>("CUDA reports ", cudaGetErrorName(status), " (", cudaGetErrorString(status), ") at ",
                    to_string(site));
}

void throw_cublas_error(cublasStatus_t status, Site site) {
  const CublasFunctions& cublas = cublas_functions();
  fail<DeviceError>("cuBLAS reports ", cublas.status_name(status), " (", cublas.status_string(status), ") at ",
                    to_string(site));
}

const CublasFunctions& cublas_functions() { return functions_of(cublas_library()); }

}  // namespace ebb
