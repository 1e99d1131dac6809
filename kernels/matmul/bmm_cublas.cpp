#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cublas.h"
#include "ebb/core/dispatch.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

namespace ebb::kernels {
namespace {

/// How cuBLAS, which counts by columns, is told of a row-major matrix.
struct BlasMatrix {
  cublasOperation_t operation;
  std::int64_t leading;  // 0: its strides are not for cuBLAS
};

BlasMatrix blas_matrix(const Tensor& x) {
  const std::int64_t rows = x.size(1), columns = x.size(2);
  if ((x.stride(2) == 1 || columns == 1) && (x.stride(1) >= columns || rows == 1)) {
    return {CUBLAS_OP_N, rows == 1 ? columns : x.stride(1)};
  }
  if ((x.stride(1) == 1 || rows == 1) && (x.stride(2) >= rows || columns == 1)) {
    return {CUBLAS_OP_T, columns == 1 ? rows : x.stride(2)};
  }
  return {CUBLAS_OP_N, 0};
}

/// By columns y is the transposed matrix, so cuBLAS is asked for b^T a^T.
template <class T>
void multiply(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  const BlasMatrix left = blas_matrix(a), right = blas_matrix(b);
  const std::int64_t m = y.size(1), n = y.size(2), k = a.size(2);
  const T one = 1, zero = 0;
  const auto handle = context.cublas();
  const auto run = [&](auto function) {
    cublas_check(function(handle, right.operation, left.operation, n, m, k, &one, b.data<T>(), right.leading,
                          a.data<T>(), left.leading, &zero, y.data<T>(), n));
  };
  if constexpr (std::is_same_v<T, float>) {
    const bool allow_tf32 = backends::cuda.matmul.allow_tf32;
    cublas_check(
        cublas_functions().set_math_mode(handle, allow_tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH));
    run(cublas_functions().sgemm);
  } else {
    run(cublas_functions().dgemm);
  }
}

}  // namespace

bool blas_takes(const Tensor& a, const Tensor& b) { return blas_matrix(a).leading > 0 && blas_matrix(b).leading > 0; }

const char* why_no_blas() { return cublas_library().missing; }

void bmm_cublas(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_float(y.dtype(), [&]<class T>() { multiply<T>(context, a, b, y); });
}

}  // namespace ebb::kernels
