#include "ebb/kernels/matmul/bmm.h"

#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

namespace ebb::kernels {
namespace {

struct CudaProduct : Implementation<BmmTask> {
  void (*run)(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y);
};

const char* cublas_refusal(const BmmTask& task) {
  if (!is_floating(task.a.dtype())) return "the elements are no reals";
  if (task.a.size(0) != 1) return "there is more than one matrix";
  if (!blas_takes(task.a, task.b)) return "the matrices lie neither by rows nor by columns";
  return why_no_blas();
}

const char* tiled_refusal(const BmmTask& task) {
  return is_floating(task.a.dtype()) ? nullptr : "the elements are no reals";
}

constexpr CudaProduct implementations[] = {
    {{"cublas", cublas_refusal}, bmm_cublas},
    {{"tiled", tiled_refusal}, bmm_tiled},
    {{"plain", takes_any}, bmm_plain},
};

}  // namespace

void bmm(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  if (y.numel() == 0) return;
  if (a.size(2) == 0) {
    fill(context, 0, y);
  } else {
    choose("bmm", implementations, BmmTask{a, b}).run(context, a, b, y);
  }
  if (!epilogue.is_empty()) finish_product(context, epilogue, y);
}

Choice which_bmm(CudaContext&, const BmmTask& task) { return which("bmm", implementations, task); }

}  // namespace ebb::kernels
