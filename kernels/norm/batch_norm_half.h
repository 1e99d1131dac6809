#pragma once

#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/norm/batch_norm.h"

namespace ebb::kernels {

// Half precision on the CPU, by way of float32, which what belongs to channels is of.

[[gnu::cold]] inline void batch_norm_forward_of_half(CpuContext& context, const Tensor& x, const Tensor& scale,
                                                     const Tensor& shift, double eps, const NormTail& tail,
                                                     RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  in_float32(
      context,
      [&](const Tensor& from, const Tensor& residual, Tensor& to) {
        batch_norm_forward(context, from, scale, shift, eps, {tail.relu, residual}, running, saved, to);
      },
      x, tail.residual, y);
}

[[gnu::cold]] inline void batch_norm_backward_of_half(CpuContext& context, const Tensor& dy, const Tensor& x,
                                                      const Tensor& scale, const BatchStatistics& saved, double eps,
                                                      const NormResult& result, BatchNormGradients& gradients) {
  in_float32(
      context,
      [&](const Tensor& gradient, const Tensor& from, const Tensor& y, Tensor& dx, Tensor& dresidual) {
        BatchNormGradients made{dx, gradients.dscale, gradients.dshift, dresidual};
        batch_norm_backward(context, gradient, from, scale, saved, eps, {y, result.shift, result.has_residual}, made);
      },
      dy, x, result.y, gradients.dx, gradients.dresidual);
}

[[gnu::cold]] inline void batch_norm_inference_of_half(CpuContext& context, const Tensor& x, const Tensor& mean,
                                                       const Tensor& var, const Tensor& scale, const Tensor& shift,
                                                       double eps, const NormTail& tail, Tensor& y) {
  in_float32(
      context,
      [&](const Tensor& from, const Tensor& residual, Tensor& to) {
        batch_norm_inference(context, from, mean, var, scale, shift, eps, {tail.relu, residual}, to);
      },
      x, tail.residual, y);
}

[[gnu::cold]] inline void batch_norm_stats_of_half(CpuContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  in_float32(
      context, [&](const Tensor& from) { batch_norm_stats(context, from, mean, m2); }, x);
}

[[gnu::cold]] inline void batch_norm_apply_of_half(CpuContext& context, const Tensor& x, const Tensor& mean,
                                                   const Tensor& scale, const Tensor& shift, Tensor& y) {
  in_float32_by_slices(
      context, [&](const Tensor& from, Tensor& to) { batch_norm_apply(context, from, mean, scale, shift, to); }, x, y);
}

[[gnu::cold]] inline void batch_norm_backward_sums_of_half(CpuContext& context, const Tensor& dy, const Tensor& x,
                                                           const Tensor& mean, Tensor& s1, Tensor& s2) {
  in_float32(
      context,
      [&](const Tensor& gradient, const Tensor& from) {
        batch_norm_backward_sums(context, gradient, from, mean, s1, s2);
      },
      dy, x);
}

[[gnu::cold]] inline void batch_norm_backward_apply_of_half(CpuContext& context, const Tensor& dy, const Tensor& x,
                                                            const Tensor& mean, const Tensor& a, const Tensor& b,
                                                            const Tensor& c, Tensor& dx) {
  in_float32_by_slices(
      context,
      [&](const Tensor& gradient, const Tensor& from, Tensor& to) {
        batch_norm_backward_apply(context, gradient, from, mean, a, b, c, to);
      },
      dy, x, dx);
}

}  // namespace ebb::kernels
