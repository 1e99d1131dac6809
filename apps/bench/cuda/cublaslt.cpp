#include "apps/bench/cuda/cublaslt.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <tuple>

#include "ebb/core/backends/backends.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/kernels/plan_log.h"

#include "apps/bench/cuda/cublaslt_library.h"
#include "bench/cuda/timer.h"

namespace ebb::bench {
namespace {

constexpr int most_algorithms = 8;
constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // as much as ebb gives cuBLAS

const CublasLtFunctions& library() { return functions_of(cublaslt_library()); }

/// What belongs to a GPU, made while that is the current one.
struct OfDevice {
  cublasLtHandle_t handle = nullptr;
  GpuTimer timer;

  explicit OfDevice(int device) : timer(device) { cublas_check(library().create(&handle)); }
};

// Never destroyed: at the exit of a process CUDA may be gone.
OfDevice& of_device(int device) {
  static auto* const made = new std::map<int, OfDevice>;
  return made->try_emplace(device, device).first->second;
}

cublasLtHandle_t handle_of(const Tensor& y) { return of_device(y.device().index).handle; }

template <class Handle>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, cublasStatus_t (*)(Handle)>;

/// How elements are multiplied, and what sums are of.
struct Elements {
  cudaDataType_t type, sum;
  cublasComputeType_t compute;
};

Elements elements_of(DType dtype) {
  if (dtype == kFloat64) return {CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F};
  if (dtype == kFloat16) return {CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
  if (dtype == kBFloat16) return {CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F};
  const bool rounds = backends::cuda.matmul.allow_tf32;
  return {CUDA_R_32F, CUDA_R_32F, rounds ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F};
}

/// Matrices of a batch as cuBLASLt, which counts by columns, sees them.
Owned<cublasLtMatrixLayout_t> layout_of(cudaDataType_t type, std::int64_t rows, std::int64_t columns,
                                        std::int64_t batch) {
  cublasLtMatrixLayout_t made = nullptr;
  cublas_check(library().create_layout(&made, type, static_cast<std::uint64_t>(rows),
                                       static_cast<std::uint64_t>(columns), std::max<std::int64_t>(rows, 1)));
  Owned<cublasLtMatrixLayout_t> layout(made, library().destroy_layout);
  const auto count = static_cast<std::int32_t>(batch);
  const std::int64_t stride = rows * columns;
  cublas_check(library().set_layout(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
  cublas_check(library().set_layout(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
  return layout;
}

Owned<cublasLtMatrixLayout_t> layout_of(cudaDataType_t type, const Factor& factor, std::int64_t rows,
                                        std::int64_t columns, std::int64_t batch) {
  return factor.transposed ? layout_of(type, rows, columns, batch) : layout_of(type, columns, rows, batch);
}

Owned<cublasLtMatmulDesc_t> operation_of(const Elements& elements, const BatchedProduct& p) {
  cublasLtMatmulDesc_t made = nullptr;
  cublas_check(library().create_operation(&made, elements.compute, elements.sum));
  Owned<cublasLtMatmulDesc_t> operation(made, library().destroy_operation);
  const auto set = [&](cublasLtMatmulDescAttributes_t attribute, bool is_transposed) {
    const std::int32_t value = is_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublas_check(library().set_operation(made, attribute, &value, sizeof value));
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, p.b.transposed);
  set(CUBLASLT_MATMUL_DESC_TRANSB, p.a.transposed);
  return operation;
}

/// Algorithms may need as much workspace as there is, and the alignments that the tensors have.
Owned<cublasLtMatmulPreference_t> preference_for(const BatchedProduct& p, const Tensor& y) {
  cublasLtMatmulPreference_t made = nullptr;
  cublas_check(library().create_preference(&made));
  Owned<cublasLtMatmulPreference_t> preference(made, library().destroy_preference);
  cublas_check(library().set_preference(made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes,
                                        sizeof workspace_bytes));
  const std::pair<cublasLtMatmulPreferenceAttributes_t, const Tensor*> tensors[] = {
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &p.b.matrices},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &p.a.matrices},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &y},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &y}};
  if (is_half_precision(y.dtype())) {  // as ebb has it: sums of parts are float32
    constexpr std::uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    cublas_check(library().set_preference(made, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &schemes, sizeof schemes));
  }
  for (const auto& [attribute, tensor] : tensors) {
    const auto address = reinterpret_cast<std::uintptr_t>(tensor->raw_data());
    const auto alignment = static_cast<std::uint32_t>(std::min<std::uintptr_t>(address & -address, 256));
    cublas_check(library().set_preference(made, attribute, &alignment, sizeof alignment));
  }
  return preference;
}

std::string name_of(const cublasLtMatmulAlgo_t& algorithm) {
  constexpr std::pair<const char*, cublasLtMatmulAlgoConfigAttributes_t> parts[] = {
      {"algorithm ", CUBLASLT_ALGO_CONFIG_ID},
      {" tile ", CUBLASLT_ALGO_CONFIG_TILE_ID},
      {" stages ", CUBLASLT_ALGO_CONFIG_STAGES_ID},
      {" split ", CUBLASLT_ALGO_CONFIG_SPLITK_NUM}};
  std::string name;
  for (const auto& [part, attribute] : parts) {
    std::uint32_t value = 0;
    std::size_t written = 0;
    cublas_check(library().algorithm_attribute(&algorithm, attribute, &value, sizeof value, &written));
    name += part + std::to_string(value);
  }
  return name;
}

/// The least of a few runs, each after one of its kind.
double microseconds(GpuTimer& timer, const std::function<void()>& run) {
  timer.reset();
  double least = timer.sample(Cache::hot, run);
  for (int i = 1; i < 5; ++i) least = std::min(least, timer.sample(Cache::hot, run));
  return least;
}

/// One product and the algorithm for it. By columns y is the transposed matrix, so cuBLASLt is asked for b^T a^T.
class Plan {
 public:
  Plan(const BatchedProduct& p, Tensor& y, Tensor& workspace)
      : elements_(elements_of(y.dtype())),
        operation_(operation_of(elements_, p)),
        b_(layout_of(elements_.type, p.b, p.k, p.n, p.batch)),
        a_(layout_of(elements_.type, p.a, p.m, p.k, p.batch)),
        y_(layout_of(elements_.type, p.n, p.m, p.batch)) {
    keep_fastest(p, y, workspace);
  }

  const std::string& name() const { return name_; }

  cublasStatus_t run(const BatchedProduct& p, Tensor& y, Tensor& workspace) const {
    return run(algorithm_, p, y, workspace);
  }

 private:
  cublasStatus_t run(const cublasLtMatmulAlgo_t& algorithm, const BatchedProduct& p, Tensor& y,
                     Tensor& workspace) const {
    const float one = 1, zero = 0;
    const double one_of_64 = 1, zero_of_64 = 0;
    const bool is_64 = elements_.sum == CUDA_R_64F;
    const void* const alpha = is_64 ? static_cast<const void*>(&one_of_64) : &one;
    const void* const beta = is_64 ? static_cast<const void*>(&zero_of_64) : &zero;
    return library().matmul(handle_of(y), operation_.get(), alpha, p.b.matrices.raw_data(), b_.get(),
                            p.a.matrices.raw_data(), a_.get(), beta, y.raw_data(), y_.get(), y.raw_data(), y_.get(),
                            &algorithm, workspace.raw_data(), workspace_bytes, cuda_context(y.device().index).stream());
  }

  void keep_fastest(const BatchedProduct& p, Tensor& y, Tensor& workspace) {
    std::array<cublasLtMatmulHeuristicResult_t, most_algorithms> advised{};
    int count = 0;
    cublas_check(library().heuristic(handle_of(y), operation_.get(), b_.get(), a_.get(), y_.get(), y_.get(),
                                     preference_for(p, y).get(), most_algorithms, advised.data(), &count));
    int tried = 0;
    double least = 0;
    for (int i = 0; i < count; ++i) {
      const cublasLtMatmulAlgo_t& algorithm = advised[static_cast<std::size_t>(i)].algo;
      const bool is_advised = advised[static_cast<std::size_t>(i)].state == CUBLAS_STATUS_SUCCESS;
      if (!is_advised || run(algorithm, p, y, workspace) != CUBLAS_STATUS_SUCCESS) continue;
      const double taken =
          microseconds(of_device(y.device().index).timer, [&] { cublas_check(run(algorithm, p, y, workspace)); });
      if (tried++ > 0 && taken >= least) continue;
      least = taken;
      algorithm_ = algorithm;
    }
    check(tried > 0, "cuBLASLt has no algorithm for it");
    name_ = name_of(algorithm_) + ", the fastest of " + std::to_string(tried);
  }

  Elements elements_;
  Owned<cublasLtMatmulDesc_t> operation_;
  Owned<cublasLtMatrixLayout_t> b_, a_, y_;
  cublasLtMatmulAlgo_t algorithm_{};
  std::string name_;
};

/// The products of a pass, each with its plan.
class Products {
 public:
  void operator()(const BatchedProduct& p, Tensor& y) {
    const CudaDeviceGuard guard(y.device().index);
    if (!workspace_.defined()) {
      workspace_ = allocate({static_cast<std::int64_t>(workspace_bytes)}, kUInt8, y.device());
    }
    const Key key{p.a.transposed, p.b.transposed, p.batch, p.m, p.n, p.k, y.dtype()};
    auto plan = plans_.find(key);
    if (plan == plans_.end()) plan = plans_.try_emplace(key, p, y, workspace_).first;
    if (kernels::PlanLog* log = kernels::PlanLog::on_this_thread()) log->add(plan->second.name());
    cublas_check(plan->second.run(p, y, workspace_));
  }

 private:
  using Key = std::tuple<bool, bool, std::int64_t, std::int64_t, std::int64_t, std::int64_t, DType>;

  std::map<Key, Plan> plans_;
  Tensor workspace_;
};

}  // namespace

Multiply cublaslt() {
  return [products = std::make_shared<Products>()](const BatchedProduct& p, Tensor& y) { (*products)(p, y); };
}

std::string cublaslt_version() {
  if (cublaslt_library().functions == nullptr) return {};
  const std::size_t version = library().version();
  const std::size_t thousands = 10'000, hundreds = 100;
  return std::to_string(version / thousands) + "." + std::to_string(version % thousands / hundreds) + "." +
         std::to_string(version % hundreds);
}

}  // namespace ebb::bench
