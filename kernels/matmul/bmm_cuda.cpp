#include "ebb/kernels/matmul/bmm.h"

#include <algorithm>

#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/context.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

namespace ebb::kernels {
namespace {

struct CudaProduct : Implementation<BmmTask> {
  void (*run)(CudaContext&, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y);
};

/// Of a product that has no epilogue of its own.
template <void (*product)(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y)>
void and_finish(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  product(context, a, b, y);
  if (!epilogue.is_empty()) finish_product(context, epilogue, y);
}

const char* mma_refusal(const BmmTask& task) {
  const DType dtype = task.a.dtype();
  return dtype == kFloat32 || is_half_precision(dtype) ? nullptr
                                                       : "the elements are of neither float32 nor half precision";
}

const char* wgmma_refusal(const BmmTask& task) {
  if (const char* refusal = mma_refusal(task)) return refusal;
  const bool is_float = task.a.dtype() == kFloat32;
  if (is_float && backends::cuda.matmul.allow_tf32) return "backends::cuda.matmul.allow_tf32 asks for less";
  const bool is_hopper = cuda_context(task.a.device().index).compute_capability() == 90;
  return is_hopper ? nullptr : "the GPU is not of compute capability 9.0";
}

const char* wgmma_tma_refusal(const BmmTask& task) {
  if (!is_half_precision(task.a.dtype())) return "the elements are not of half precision";
  const char* refusal = wgmma_refusal(task);
  return refusal != nullptr ? refusal : why_no_tensor_maps(task.a, task.b);
}

const char* cublas_refusal(const BmmTask& task) {
  if (!is_floating(task.a.dtype())) return "the elements are no reals";
  if (!blas_takes(task.a, task.b)) return "the matrices lie neither by rows nor by columns";
  return why_no_blas();
}

const char* tiled_refusal(const BmmTask& task) {
  const DType dtype = task.a.dtype();
  return dtype == kFloat32 || dtype == kFloat64 ? nullptr : "the elements are neither float32 nor float64";
}

constexpr CudaProduct wgmma_tma{{"wgmma_tma", wgmma_tma_refusal}, bmm_wgmma_tma},
    wgmma{{"wgmma", wgmma_refusal}, bmm_wgmma}, mma{{"mma", mma_refusal}, bmm_mma},
    cublas{{"cublas", cublas_refusal}, and_finish<bmm_cublas>}, tiled{{"tiled", tiled_refusal}, and_finish<bmm_tiled>},
    plain{{"plain", takes_any}, and_finish<bmm_plain>};

// wgmma_tma has not been measured, so it is behind all that are chosen of half precision: it has what it is forced to.
constexpr CudaProduct wgmma_first[] = {wgmma, mma, cublas, wgmma_tma, tiled, plain},
                      mma_first[] = {mma, wgmma, cublas, wgmma_tma, tiled, plain},
                      cublas_first[] = {cublas, mma, wgmma, wgmma_tma, tiled, plain},
                      cublas_then_wgmma[] = {cublas, wgmma, mma, wgmma_tma, tiled, plain};

/// Where cuBLAS was faster on an H100: with TF32, with doubles, with vectors, and with sums too short for a block to
/// hide where they come from and go to. Of half precision nothing of ours has been measured: cuBLAS has what is larger
/// than the batches of small matrices for which a block is best.
bool is_for_cublas(const BmmTask& task) {
  const std::int64_t m = task.a.size(1), n = task.b.size(2), k = task.a.size(2);
  if (is_half_precision(task.a.dtype())) return task.a.size(0) == 1 || std::min(m, n) == 1 || m * n > 64 * 64;
  if (task.a.dtype() != kFloat32 || backends::cuda.matmul.allow_tf32) return true;
  return std::min(m, n) == 1 || (k < 96 && m * n > 64 * 64);
}

bool wgmma_is_cheaper(const BmmTask& task) {
  const CudaContext& context = cuda_context(task.a.device().index);
  return context.compute_capability() == 90 && wgmma_cost(context, task.a, task.b) < mma_cost(context, task.a, task.b);
}

const auto& implementations(const BmmTask& task) {
  const bool is_half = is_half_precision(task.a.dtype());
  if (is_for_cublas(task)) return is_half && wgmma_is_cheaper(task) ? cublas_then_wgmma : cublas_first;
  return wgmma_is_cheaper(task) ? wgmma_first : mma_first;
}

}  // namespace

void bmm(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  if (y.numel() == 0) return;
  if (a.size(2) == 0) {
    fill(context, 0, y);
    if (!epilogue.is_empty()) finish_product(context, epilogue, y);
  } else {
    choose("bmm", implementations({a, b}), BmmTask{a, b}).run(context, a, b, epilogue, y);
  }
}

Choice which_bmm(CudaContext&, const BmmTask& task) { return which("bmm", implementations(task), task); }

}  // namespace ebb::kernels
