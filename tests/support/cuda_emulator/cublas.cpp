#include "ebb/core/cuda/cublas.h"

#include <atomic>
#include <exception>

#include <cublas_v2.h>

#include "tests/support/cuda_emulator/blas_product.h"
#include "tests/support/cuda_emulator/emulator.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  std::atomic<bool> is_busy = false;
};

namespace {

using emulator::BlasProduct;

bool has_cublas = true, refuses_workspace = false;
std::atomic<int> handles = 0;
std::atomic<cublasComputeType_t> last_compute = CUBLAS_COMPUTE_32F;

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
cublasStatus_t gemm(cublasHandle_t handle, const BlasProduct<T>& p) {
  const InUse in_use(handle);
  if (!p.fits()) return CUBLAS_STATUS_INVALID_VALUE;
  return emulator::enqueue(handle->stream, p) == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
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
  handle->math = mode;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGemmStridedBatchedEx_64(cublasHandle_t handle, cublasOperation_t a_operation,
                                             cublasOperation_t b_operation, std::int64_t m, std::int64_t n,
                                             std::int64_t k, const void* alpha, const void* a, cudaDataType a_type,
                                             std::int64_t a_leading, long long a_stride, const void* b,
                                             cudaDataType b_type, std::int64_t b_leading, long long b_stride,
                                             const void* beta, void* c, cudaDataType c_type, std::int64_t c_leading,
                                             long long c_stride, std::int64_t batch, cublasComputeType_t compute,
                                             cublasGemmAlgo_t) {
  last_compute = compute;
  if (a_type != b_type || a_type != c_type || (a_type == CUDA_R_64F) != (compute == CUBLAS_COMPUTE_64F)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  // cuBLAS would compute it, and might round sums on the way: what ebb does not want.
  const bool may_round_sums = (handle->math & CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION) == 0;
  if ((a_type == CUDA_R_16F || a_type == CUDA_R_16BF) && may_round_sums) return CUBLAS_STATUS_NOT_SUPPORTED;
  const auto as = [&]<class T>(T) {
    using Sum = ebb::OpMath<T>;
    return gemm(handle, BlasProduct<T>{a_operation == CUBLAS_OP_N, b_operation == CUBLAS_OP_N, m, n, k, batch,
                                       *static_cast<const Sum*>(alpha), static_cast<const T*>(a), a_leading, a_stride,
                                       static_cast<const T*>(b), b_leading, b_stride, *static_cast<const Sum*>(beta),
                                       static_cast<T*>(c), c_leading, c_stride});
  };
  switch (a_type) {
    case CUDA_R_16F:
      return as(ebb::Half{});
    case CUDA_R_16BF:
      return as(ebb::BFloat16{});
    case CUDA_R_32F:
      return as(float{});
    default:
      return as(double{});
  }
}

void emulator::set_cublas(bool is_there) { has_cublas = is_there; }
bool emulator::cublas_rounds_to_tf32() { return last_compute == CUBLAS_COMPUTE_32F_FAST_TF32; }
void emulator::refuse_cublas_workspace(bool refuses) { refuses_workspace = refuses; }
int emulator::cublas_handles() { return handles; }

const ebb::CublasLibrary& ebb::cublas_library() {
  static const CublasFunctions functions{cublasCreate,        cublasDestroy,        cublasSetStream,
                                         cublasSetWorkspace,  cublasSetMathMode,    cublasGemmStridedBatchedEx_64,
                                         cublasGetStatusName, cublasGetStatusString};
  static const CublasLibrary there{.functions = &functions},
      not_there{.missing = "cuBLAS cannot be used: no such file"};
  return has_cublas ? there : not_there;
}
