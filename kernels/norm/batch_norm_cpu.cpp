#include "ebb/kernels/norm/batch_norm.h"

#include "ebb/kernels/norm/batch_norm_composed.h"
#include "ebb/kernels/norm/batch_norm_half.h"
#include "ebb/kernels/norm/channels.h"
#include "ebb/kernels/norm/plain.h"

namespace ebb::kernels {
namespace {

struct CpuBatchNorm : Implementation<BatchNormTask> {
  void (*stats)(const Tensor& x, Tensor& mean, Tensor& m2);
  void (*apply)(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
                Tensor& y);
  void (*backward_sums)(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, Tensor& s1,
                        Tensor& s2);
  void (*backward_apply)(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, const Tensor& a,
                         const Tensor& b, const Tensor& c, Tensor& dx);
};

constexpr CpuBatchNorm implementations[] = {
    {{"channels", takes_any}, channels_stats, channels_apply, channels_backward_sums, channels_backward_apply},
    {{"plain", takes_any}, plain_stats, plain_apply, plain_backward_sums, plain_backward_apply},
};

const CpuBatchNorm& chosen(const Tensor& x) { return choose("batch_norm", implementations, BatchNormTask{x}); }

}  // namespace

void batch_norm_forward(CpuContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  if (have_half(x)) return batch_norm_forward_of_half(context, x, scale, shift, eps, tail, running, saved, y);
  composed::forward(context, x, scale, shift, eps, tail, running, saved, y);
}

/// A ReLU's share of dx is found on the way, but below one of a sum dy is a gradient of its own.
void batch_norm_backward(CpuContext& context, const Tensor& gradient, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double eps, const NormResult& result,
                         BatchNormGradients& gradients) {
  if (have_half(x)) return batch_norm_backward_of_half(context, gradient, x, scale, saved, eps, result, gradients);
  using composed::product, composed::rows_of;
  const Tensor factor = product(context, scale, saved.inverse);
  Tensor dy = gradient;
  NormMask mask;
  if (result.has_residual && result.y.defined()) {
    dy = gradients.dresidual.defined() ? gradients.dresidual : empty_like(gradient);
    binary(context, ReluBackward{}, gradient, result.y, dy);
  } else if (result.y.defined()) {
    mask = {factor, result.shift};
  }
  const CpuBatchNorm& norm = chosen(x);
  const Tensor rows = rows_of(x), dy_rows = rows_of(dy);
  Tensor dx_rows = rows_of(gradients.dx), sum_dy_x = empty_like(saved.mean);
  norm.backward_sums(dy_rows, rows, saved.mean, mask, gradients.dshift, sum_dy_x);
  const auto [of_x, constant] = composed::input_shares(context, rows.size(0), saved, factor, sum_dy_x, gradients);
  norm.backward_apply(dy_rows, rows, saved.mean, mask, factor, of_x, constant, dx_rows);
}

void batch_norm_inference(CpuContext& context, const Tensor& x, const Tensor& mean, const Tensor& var,
                          const Tensor& scale, const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  if (have_half(x)) return batch_norm_inference_of_half(context, x, mean, var, scale, shift, eps, tail, y);
  composed::inference(context, x, mean, var, scale, shift, eps, tail, y);
}

void batch_norm_stats(CpuContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  if (have_half(x)) return batch_norm_stats_of_half(context, x, mean, m2);
  chosen(x).stats(x, mean, m2);
}

void batch_norm_apply(CpuContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale,
                      const Tensor& shift, Tensor& y) {
  if (have_half(x)) return batch_norm_apply_of_half(context, x, mean, scale, shift, y);
  chosen(x).apply(x, mean, scale, shift, {}, y);
}

void batch_norm_apply(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      const NormTail& tail, Tensor& y) {
  chosen(x).apply(x, mean, scale, shift, tail, y);
}

void batch_norm_backward_sums(CpuContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                              Tensor& s2) {
  if (have_half(x)) return batch_norm_backward_sums_of_half(context, dy, x, mean, s1, s2);
  chosen(x).backward_sums(dy, x, mean, {}, s1, s2);
}

void batch_norm_backward_apply(CpuContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean,
                               const Tensor& a, const Tensor& b, const Tensor& c, Tensor& dx) {
  if (have_half(x)) return batch_norm_backward_apply_of_half(context, dy, x, mean, a, b, c, dx);
  chosen(x).backward_apply(dy, x, mean, {}, a, b, c, dx);
}

Choice which_batch_norm(CpuContext&, const BatchNormTask& task) { return which("batch_norm", implementations, task); }

}  // namespace ebb::kernels
