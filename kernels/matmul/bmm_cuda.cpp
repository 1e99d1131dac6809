#include "ebb/kernels/matmul/bmm.h"

#include "ebb/core/backends/backends.h"
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
  return task.a.dtype() == kFloat32 ? nullptr : "the elements are not of float32";
}

const char* cublas_refusal(const BmmTask& task) {
  if (!is_floating(task.a.dtype())) return "the elements are no reals";
  if (!blas_takes(task.a, task.b)) return "the matrices lie neither by rows nor by columns";
  return why_no_blas();
}

const char* tiled_refusal(const BmmTask& task) {
  return is_floating(task.a.dtype()) ? nullptr : "the elements are no reals";
}

constexpr CudaProduct mma{{"mma", mma_refusal}, bmm_mma}, cublas{{"cublas", cublas_refusal}, and_finish<bmm_cublas>},
    tiled{{"tiled", tiled_refusal}, and_finish<bmm_tiled>}, plain{{"plain", takes_any}, and_finish<bmm_plain>};

/// cuBLAS is faster with TF32 and with doubles, ebb with floats: docs/gpu-status.md has the measurements.
constexpr CudaProduct own_first[] = {mma, cublas, tiled, plain}, cublas_first[] = {cublas, mma, tiled, plain};

const auto& implementations(const BmmTask& task) {
  return task.a.dtype() == kFloat32 && !backends::cuda.matmul.allow_tf32 ? own_first : cublas_first;
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
