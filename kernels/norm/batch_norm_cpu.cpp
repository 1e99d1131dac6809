#include "ebb/kernels/norm/batch_norm.h"

#include "ebb/kernels/norm/batch_norm_composed.h"
#include "ebb/kernels/norm/channels.h"
#include "ebb/kernels/norm/plain.h"

namespace ebb::kernels {
namespace {

struct CpuBatchNorm : Implementation<BatchNormTask> {
  void (*stats)(const Tensor& x, Tensor& mean, Tensor& m2);
  void (*apply)(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
                Tensor& y);
  void (*backward_sums)(const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1, Tensor& s2);
  void (*backward_apply)(const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a, const Tensor& b,
                         const Tensor& c, Tensor& dx);
};

constexpr CpuBatchNorm implementations[] = {
    {{"channels", takes_any}, channels_stats, channels_apply, channels_backward_sums, channels_backward_apply},
    {{"plain", takes_any}, plain_stats, plain_apply, plain_backward_sums, plain_backward_apply},
};

const CpuBatchNorm& chosen(const Tensor& x) { return choose("batch_norm", implementations, BatchNormTask{x}); }

}  // namespace

void batch_norm_forward(CpuContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  composed::forward(context, x, scale, shift, eps, tail, running, saved, y);
}

void batch_norm_backward(CpuContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double, const NormResult& result,
                         BatchNormGradients& gradients) {
  composed::backward(context, dy, x, scale, saved, result, gradients);
}

void batch_norm_inference(CpuContext& context, const Tensor& x, const Tensor& mean, const Tensor& var,
                          const Tensor& scale, const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  composed::inference(context, x, mean, var, scale, shift, eps, tail, y);
}

void batch_norm_stats(CpuContext&, const Tensor& x, Tensor& mean, Tensor& m2) { chosen(x).stats(x, mean, m2); }

void batch_norm_apply(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      Tensor& y) {
  chosen(x).apply(x, mean, scale, shift, {}, y);
}

void batch_norm_apply(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      const NormTail& tail, Tensor& y) {
  chosen(x).apply(x, mean, scale, shift, tail, y);
}

void batch_norm_backward_sums(CpuContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                              Tensor& s2) {
  chosen(x).backward_sums(dy, x, mean, s1, s2);
}

void batch_norm_backward_apply(CpuContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                               const Tensor& b, const Tensor& c, Tensor& dx) {
  chosen(x).backward_apply(dy, x, mean, a, b, c, dx);
}

Choice which_batch_norm(CpuContext&, const BatchNormTask& task) { return which("batch_norm", implementations, task); }

}  // namespace ebb::kernels
