#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

// The functions of cuBLAS that ebb calls, as plain loops.

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_ALLOC_FAILED = 3, CUBLAS_STATUS_INVALID_VALUE = 7 };
enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum cublasMath_t { CUBLAS_DEFAULT_MATH = 0, CUBLAS_TF32_TENSOR_OP_MATH = 3 };
using cublasHandle_t = struct cublasContext*;

const char* cublasGetStatusName(cublasStatus_t status);
const char* cublasGetStatusString(cublasStatus_t status);
cublasStatus_t cublasCreate(cublasHandle_t* handle);
cublasStatus_t cublasDestroy(cublasHandle_t handle);
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, std::size_t bytes);
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode);

/// c (m, n) = alpha op(a) op(b) + beta c, all by columns.
cublasStatus_t cublasSgemm_64(cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
                              std::int64_t m, std::int64_t n, std::int64_t k, const float* alpha, const float* a,
                              std::int64_t a_leading, const float* b, std::int64_t b_leading, const float* beta,
                              float* c, std::int64_t c_leading);
cublasStatus_t cublasDgemm_64(cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
                              std::int64_t m, std::int64_t n, std::int64_t k, const double* alpha, const double* a,
                              std::int64_t a_leading, const double* b, std::int64_t b_leading, const double* beta,
                              double* c, std::int64_t c_leading);
