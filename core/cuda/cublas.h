#pragma once

#include <cublas_v2.h>

#include "ebb/core/cuda/library.h"

namespace ebb {

/// The functions of cuBLAS that ebb calls.
struct CublasFunctions {
  decltype(&cublasCreate) create;
  decltype(&cublasDestroy) destroy;
  decltype(&cublasSetStream) set_stream;
  decltype(&cublasSetWorkspace) set_workspace;
  decltype(&cublasSetMathMode) set_math_mode;
  decltype(&cublasGemmStridedBatchedEx_64) gemm_strided_batched;
  decltype(&cublasGetStatusName) status_name;
  decltype(&cublasGetStatusString) status_string;
};

using CublasLibrary = Library<CublasFunctions>;

/// Opened by the first call: with what it loads in turn it has half a gigabyte, which programs without a GPU do
/// without.
const CublasLibrary& cublas_library();

/// A DeviceError where cuBLAS is missing.
const CublasFunctions& cublas_functions();

}  // namespace ebb
