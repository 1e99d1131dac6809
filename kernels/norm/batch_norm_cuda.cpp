#include "ebb/kernels/norm/batch_norm.h"

#include "ebb/kernels/norm/batch_norm_own.h"

namespace ebb::kernels {
namespace {

struct CudaBatchNorm : Implementation<BatchNormTask> {
  void (*stats)(CudaContext&, const Tensor& x, Tensor& mean, Tensor& m2);
  void (*apply)(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, Tensor& y);
  void (*backward_sums)(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1, Tensor& s2);
  void (*backward_apply)(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                         const Tensor& b, const Tensor& c, Tensor& dx);
};

constexpr CudaBatchNorm implementations[] = {
    {{"own", takes_any}, own_stats, own_apply, own_backward_sums, own_backward_apply},
};

const CudaBatchNorm& chosen(const Tensor& x) { return choose("batch_norm", implementations, BatchNormTask{x}); }

}  // namespace

void batch_norm_stats(CudaContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  chosen(x).stats(context, x, mean, m2);
}

void batch_norm_apply(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale,
                      const Tensor& shift, Tensor& y) {
  chosen(x).apply(context, x, mean, scale, shift, y);
}

void batch_norm_backward_sums(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                              Tensor& s2) {
  chosen(x).backward_sums(context, dy, x, mean, s1, s2);
}

void batch_norm_backward_apply(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean,
                               const Tensor& a, const Tensor& b, const Tensor& c, Tensor& dx) {
  chosen(x).backward_apply(context, dy, x, mean, a, b, c, dx);
}

Choice which_batch_norm(CudaContext&, const BatchNormTask& task) { return which("batch_norm", implementations, task); }

}  // namespace ebb::kernels
