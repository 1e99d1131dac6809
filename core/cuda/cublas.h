#pragma once

#include <cublas_v2.h>

namespace ebb {

/// The functions of cuBLAS that ebb calls.
struct CublasFunctions {
  decltype(&cublasCreate) create;
  decltype(&cublasDestroy) destroy;
  decltype(&cublasSetStream) set_stream;
  decltype(&cublasSetWorkspace) set_workspace;
  decltype(&cublasSgemm_64) sgemm;
  decltype(&cublasDgemm_64) dgemm;
  decltype(&cublasGetStatusName) status_name;
  decltype(&cublasGetStatusString) status_string;
};

/// Where cuBLAS is not to be had, `functions` is null, and `missing` says why.
struct CublasLibrary {
  const CublasFunctions* functions = nullptr;
  const char* missing = nullptr;
};

/// Opened by the first call: with what it loads in turn it has half a gigabyte, which programs without a GPU do
/// without.
const CublasLibrary& cublas_library();

/// A DeviceError where cuBLAS is missing.
const CublasFunctions& cublas_functions();

}  // namespace ebb
