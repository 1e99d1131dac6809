#include "ebb/core/cuda/cublas.h"

#include <cublas_v2.h>

#include "tests/support/cuda_emulator/emulator.h"

namespace {

bool has_cublas = true;
cublasMath_t math_mode = CUBLAS_DEFAULT_MATH;

template <class T>
cublasStatus_t gemm(cublasOperation_t a_operation, cublasOperation_t b_operation, std::int64_t m, std::int64_t n,
                    std::int64_t k, T alpha, const T* a, std::int64_t a_leading, const T* b, std::int64_t b_leading,
                    T beta, T* c, std::int64_t c_leading) {
  const bool a_plain = a_operation == CUBLAS_OP_N, b_plain = b_operation == CUBLAS_OP_N;
  const bool fits = a_leading >= (a_plain ? m : k) && b_leading >= (b_plain ? k : n) && c_leading >= m;
  if (!fits || m < 0 || n < 0 || k < 0 || a_leading < 1 || b_leading < 1) return CUBLAS_STATUS_INVALID_VALUE;
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = 0; i < m; ++i) {
      T sum = 0;
      for (std::int64_t p = 0; p < k; ++p) {
        sum += a[a_plain ? i + p * a_leading : p + i * a_leading] * b[b_plain ? p + j * b_leading : j + p * b_leading];
      }
      T& to = c[i + j * c_leading];
      to = alpha * sum + (beta == T(0) ? T(0) : beta * to);
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

const char* cublasGetStatusName(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "CUBLAS_STATUS_SUCCESS" : "CUBLAS_STATUS_INVALID_VALUE";
}

const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = reinterpret_cast<cublasHandle_t>(std::uintptr_t{1});
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetWorkspace(cublasHandle_t, void*, std::size_t) { return CUBLAS_STATUS_SUCCESS; }

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t mode) {
  math_mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm_64(cublasHandle_t, cublasOperation_t a_operation, cublasOperation_t b_operation,
                              std::int64_t m, std::int64_t n, std::int64_t k, const float* alpha, const float* a,
                              std::int64_t a_leading, const float* b, std::int64_t b_leading, const float* beta,
                              float* c, std::int64_t c_leading) {
  return gemm(a_operation, b_operation, m, n, k, *alpha, a, a_leading, b, b_leading, *beta, c, c_leading);
}

cublasStatus_t cublasDgemm_64(cublasHandle_t, cublasOperation_t a_operation, cublasOperation_t b_operation,
                              std::int64_t m, std::int64_t n, std::int64_t k, const double* alpha, const double* a,
                              std::int64_t a_leading, const double* b, std::int64_t b_leading, const double* beta,
                              double* c, std::int64_t c_leading) {
  return gemm(a_operation, b_operation, m, n, k, *alpha, a, a_leading, b, b_leading, *beta, c, c_leading);
}

void emulator::set_cublas(bool is_there) { has_cublas = is_there; }
bool emulator::cublas_rounds_to_tf32() { return math_mode == CUBLAS_TF32_TENSOR_OP_MATH; }

const ebb::CublasLibrary& ebb::cublas_library() {
  static const CublasFunctions functions{cublasCreate,   cublasSetStream, cublasSetWorkspace,  cublasSetMathMode,
                                         cublasSgemm_64, cublasDgemm_64,  cublasGetStatusName, cublasGetStatusString};
  static const CublasLibrary there{.functions = &functions},
      not_there{.missing = "cuBLAS cannot be used: no such file"};
  return has_cublas ? there : not_there;
}
