// cuBLASLt, which advises three algorithms for any product, of which one does not run and one is slow.
#include <cstring>

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "apps/bench/cuda/cublaslt_library.h"
#include "tests/support/cuda_emulator/blas_product.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/cuda_emulator/streams.h"

struct cublasLtContext {
  int device;
};
struct cublasLtMatmulDesc {
  cublasComputeType_t compute;
  cudaDataType_t sum;
  std::int32_t a = CUBLAS_OP_N, b = CUBLAS_OP_N;
};
struct cublasLtMatrixLayout {
  cudaDataType_t type;
  std::int64_t rows, columns, leading;
  std::int32_t batch = 1;
  std::int64_t stride = 0;
};
struct cublasLtMatmulPreference {
  std::size_t workspace = 0;
  std::uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
};

namespace {

constexpr std::uint64_t ids[] = {7, 21, 66};
constexpr std::uint64_t not_run = 7, slow = 66;
constexpr std::size_t workspace_of_each = 1024;

template <class T>
cublasStatus_t set(T& to, const void* value, std::size_t bytes) {
  if (bytes != sizeof to) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

int current_device() {
  int device = -1;
  return cudaGetDevice(&device) == cudaSuccess ? device : -1;
}

struct Operands {
  const cublasLtMatmulDesc& operation;
  const cublasLtMatrixLayout &a, &b, &c;

  bool a_plain() const { return operation.a == CUBLAS_OP_N; }
  bool b_plain() const { return operation.b == CUBLAS_OP_N; }
  std::int64_t k() const { return a_plain() ? a.columns : a.rows; }

  bool fit() const {
    const bool is_64 = a.type == CUDA_R_64F;
    return a.type == b.type && a.type == c.type && is_64 == (operation.sum == CUDA_R_64F) &&
           is_64 == (operation.compute == CUBLAS_COMPUTE_64F) && (a_plain() ? a.rows : a.columns) == c.rows &&
           (b_plain() ? b.columns : b.rows) == c.columns && (b_plain() ? b.rows : b.columns) == k() &&
           a.leading >= a.rows && b.leading >= b.rows && c.leading >= c.rows && a.batch == c.batch &&
           b.batch == c.batch;
  }
};

}  // namespace

std::size_t cublasLtGetVersion() { return 130'102; }

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = new cublasLtContext{current_device()};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation, cublasComputeType_t compute,
                                        cudaDataType_t sum) {
  *operation = new cublasLtMatmulDesc{compute, sum};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  delete operation;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  return set(attribute == CUBLASLT_MATMUL_DESC_TRANSA ? operation->a : operation->b, value, bytes);
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t leading) {
  *layout =
      new cublasLtMatrixLayout{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns), leading};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                std::size_t bytes) {
  const bool is_batch = attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
  return is_batch ? set(layout->batch, value, bytes) : set(layout->stride, value, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new cublasLtMatmulPreference;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    std::size_t bytes) {
  if (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) return set(preference->workspace, value, bytes);
  if (attribute == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK) return set(preference->schemes, value, bytes);
  std::uint32_t alignment = 0;
  return set(alignment, value, bytes);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t preference, int most,
                                              cublasLtMatmulHeuristicResult_t results[], int* count) {
  if (handle->device != current_device() || !Operands{*operation, *a, *b, *c}.fit() || most < 1)
    return CUBLAS_STATUS_INVALID_VALUE;
  *count = 0;
  // Others would be advised, too, which might round sums on the way: what ebb does not want.
  const bool is_half = a->type == CUDA_R_16F || a->type == CUDA_R_16BF;
  if (is_half && preference->schemes != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE) return CUBLAS_STATUS_NOT_SUPPORTED;
  for (const std::uint64_t id : ids) {
    if (*count == most || preference->workspace < workspace_of_each) break;
    results[(*count)++] = {.algo = {{id}}, .workspaceSize = workspace_of_each, .state = CUBLAS_STATUS_SUCCESS};
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* algorithm,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute, void* value,
                                                    std::size_t bytes, std::size_t* written) {
  const std::uint32_t found = attribute == CUBLASLT_ALGO_CONFIG_ID ? static_cast<std::uint32_t>(algorithm->data[0]) : 1;
  if (bytes != sizeof found) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(value, &found, bytes);
  *written = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  const Operands on{*operation, *a_layout, *b_layout, *c_layout};
  if (handle->device != stream->device || handle->device != current_device()) return CUBLAS_STATUS_INVALID_VALUE;
  if (!on.fit() || c != d || workspace == nullptr || workspace_bytes < workspace_of_each) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (algorithm->data[0] == not_run) return CUBLAS_STATUS_NOT_SUPPORTED;
  const auto as = [&]<class T>(T) {
    using Sum = ebb::OpMath<T>;
    const emulator::BlasProduct<T> product{on.a_plain(),
                                           on.b_plain(),
                                           on.c.rows,
                                           on.c.columns,
                                           on.k(),
                                           on.c.batch,
                                           *static_cast<const Sum*>(alpha),
                                           static_cast<const T*>(a),
                                           on.a.leading,
                                           on.a.stride,
                                           static_cast<const T*>(b),
                                           on.b.leading,
                                           on.b.stride,
                                           *static_cast<const Sum*>(beta),
                                           static_cast<T*>(d),
                                           on.c.leading,
                                           on.c.stride};
    const int times = algorithm->data[0] == slow ? 10 : 1;
    const auto work = [product, times] {
      for (int i = 0; i < times; ++i) product();
    };
    return emulator::enqueue(stream, work) == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
  };
  if (on.a.type == CUDA_R_16F) return as(ebb::Half{});
  if (on.a.type == CUDA_R_16BF) return as(ebb::BFloat16{});
  return on.a.type == CUDA_R_32F ? as(float{}) : as(double{});
}

const ebb::Library<ebb::bench::CublasLtFunctions>& ebb::bench::cublaslt_library() {
  static const CublasLtFunctions functions{cublasLtGetVersion,
                                           cublasLtCreate,
                                           cublasLtMatmulDescCreate,
                                           cublasLtMatmulDescDestroy,
                                           cublasLtMatmulDescSetAttribute,
                                           cublasLtMatrixLayoutCreate,
                                           cublasLtMatrixLayoutDestroy,
                                           cublasLtMatrixLayoutSetAttribute,
                                           cublasLtMatmulPreferenceCreate,
                                           cublasLtMatmulPreferenceDestroy,
                                           cublasLtMatmulPreferenceSetAttribute,
                                           cublasLtMatmulAlgoGetHeuristic,
                                           cublasLtMatmulAlgoConfigGetAttribute,
                                           cublasLtMatmul};
  static const Library<CublasLtFunctions> there{.functions = &functions};
  return there;
}
