#include "ebb/core/cuda/cublas.h"

#include <atomic>
#include <exception>

#include <cublas_v2.h>

#include "tests/support/cuda_emulator/emulator.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
  std::atomic<bool> is_busy = false;
};

namespace {

bool has_cublas = true, refuses_workspace = false;
std::atomic<int> handles = 0;
std::atomic<cublasMath_t> math_mode = CUBLAS_DEFAULT_MATH;

/// A handle is for one thread at a time.
class InUse {
 public:
  explicit InUse(cublasHandle_t handle) : handle_(handle) {
    if (handle->is_busy.exchange(true)) std::terminate();
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { handle_->is_busy = false; }

 private:
  cublasHandle_t handle_;
};

template <class T>
struct Product {
  bool a_plain, b_plain;
  std::int64_t m, n, k;
  T alpha;
  const T* a;
  std::int64_t a_leading;
  const T* b;
  std::int64_t b_leading;
  T beta;
  T* c;
  std::int64_t c_leading;

  void operator()() const;
};

template <class T>
cublasStatus_t gemm(cublasHandle_t handle, const Product<T>& p) {
  const InUse in_use(handle);
  const bool fits =
      p.a_leading >= (p.a_plain ? p.m : p.k) && p.b_leading >= (p.b_plain ? p.k : p.n) && p.c_leading >= p.m;
  if (!fits || p.m < 0 || p.n < 0 || p.k < 0 || p.a_leading < 1 || p.b_leading < 1) return CUBLAS_STATUS_INVALID_VALUE;
  return emulator::enqueue(handle->stream, p) == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

template <class T>
void Product<T>::operator()() const {
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
}

}  // namespace

const char* cublasGetStatusName(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "CUBLAS_STATUS_SUCCESS" : "CUBLAS_STATUS_INVALID_VALUE";
}

const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  void* scratch = nullptr;  // cuBLAS takes device memory, too
  if (cudaMalloc(&scratch, 1) != cudaSuccess) return CUBLAS_STATUS_ALLOC_FAILED;
  cudaFree(scratch);
  *handle = new cublasContext;
  ++handles;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  delete handle;
  --handles;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  const InUse in_use(handle);
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void*, std::size_t) {
  const InUse in_use(handle);
  return refuses_workspace ? CUBLAS_STATUS_INVALID_VALUE : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  const InUse in_use(handle);
  math_mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm_64(cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
                              std::int64_t m, std::int64_t n, std::int64_t k, const float* alpha, const float* a,
                              std::int64_t a_leading, const float* b, std::int64_t b_leading, const float* beta,
                              float* c, std::int64_t c_leading) {
  return gemm(handle, Product<float>{a_operation == CUBLAS_OP_N, b_operation == CUBLAS_OP_N, m, n, k, *alpha, a,
                                     a_leading, b, b_leading, *beta, c, c_leading});
}

cublasStatus_t cublasDgemm_64(cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
                              std::int64_t m, std::int64_t n, std::int64_t k, const double* alpha, const double* a,
                              std::int64_t a_leading, const double* b, std::int64_t b_leading, const double* beta,
                              double* c, std::int64_t c_leading) {
  return gemm(handle, Product<double>{a_operation == CUBLAS_OP_N, b_operation == CUBLAS_OP_N, m, n, k, *alpha, a,
                                      a_leading, b, b_leading, *beta, c, c_leading});
}

void emulator::set_cublas(bool is_there) { has_cublas = is_there; }
bool emulator::cublas_rounds_to_tf32() { return math_mode == CUBLAS_TF32_TENSOR_OP_MATH; }
void emulator::refuse_cublas_workspace(bool refuses) { refuses_workspace = refuses; }
int emulator::cublas_handles() { return handles; }

const ebb::CublasLibrary& ebb::cublas_library() {
  static const CublasFunctions functions{cublasCreate,       cublasDestroy,       cublasSetStream,
                                         cublasSetWorkspace, cublasSetMathMode,   cublasSgemm_64,
                                         cublasDgemm_64,     cublasGetStatusName, cublasGetStatusString};
  static const CublasLibrary there{.functions = &functions},
      not_there{.missing = "cuBLAS cannot be used: no such file"};
  return has_cublas ? there : not_there;
}
