#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/dispatch.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

namespace ebb::kernels {
namespace {

/// How cuBLAS, which counts by columns, is told of row-major matrices.
struct BlasMatrices {
  cublasOperation_t operation;
  std::int64_t leading;  // 0: the strides are not for cuBLAS
};

BlasMatrices blas_matrices(const Tensor& x) {
  const std::int64_t rows = x.size(1), columns = x.size(2);
  if ((x.stride(2) == 1 || columns == 1) && (x.stride(1) >= columns || rows == 1)) {
    return {CUBLAS_OP_N, rows == 1 ? columns : x.stride(1)};
  }
  if ((x.stride(1) == 1 || rows == 1) && (x.stride(2) >= rows || columns == 1)) {
    return {CUBLAS_OP_T, columns == 1 ? rows : x.stride(2)};
  }
  return {CUBLAS_OP_N, 0};
}

/// How cuBLAS multiplies elements of a type; sums are of the type of `one`.
template <class T>
struct BlasElements {
  static constexpr cudaDataType type = std::is_same_v<T, Half>       ? CUDA_R_16F
                                       : std::is_same_v<T, BFloat16> ? CUDA_R_16BF
                                       : std::is_same_v<T, float>    ? CUDA_R_32F
                                                                     : CUDA_R_64F;
  using Sum = std::conditional_t<std::is_same_v<T, double>, double, float>;

  static cublasComputeType_t compute() {
    if (std::is_same_v<T, double>) return CUBLAS_COMPUTE_64F;
    const bool rounds = std::is_same_v<T, float> && backends::cuda.matmul.allow_tf32;
    return rounds ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  }
};

/// By columns y is the transposed matrix, so cuBLAS is asked for b^T a^T.
template <class T>
void multiply(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  using Elements = BlasElements<T>;
  const BlasMatrices left = blas_matrices(a), right = blas_matrices(b);
  const std::int64_t m = y.size(1), n = y.size(2), k = a.size(2);
  const typename Elements::Sum one = 1, zero = 0;
  cublas_check(cublas_functions().gemm_strided_batched(
      context.cublas(), right.operation, left.operation, n, m, k, &one, b.data<T>(), Elements::type, right.leading,
      b.stride(0), a.data<T>(), Elements::type, left.leading, a.stride(0), &zero, y.data<T>(), Elements::type, n, m * n,
      y.size(0), Elements::compute(), CUBLAS_GEMM_DEFAULT));
}

}  // namespace

bool blas_takes(const Tensor& a, const Tensor& b) {
  return blas_matrices(a).leading > 0 && blas_matrices(b).leading > 0;
}

const char* why_no_blas() { return cublas_library().missing; }

void bmm_cublas(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_floating(y.dtype(), [&]<class T>() { multiply<T>(context, a, b, y); });
}

}  // namespace ebb::kernels
