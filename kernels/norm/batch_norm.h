#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/choice.h"

namespace ebb::kernels {

// x, y, dy, dx are (rows, C), contiguous: a channels-last (N, C, H, W) seen as N H W rows. All others are (C). Split
// into local sums and their use, so that statistics of several devices can be merged in between.

/// mean and m2 = sum of (x - mean)^2 of each channel, in two passes or by Welford's recurrence, never E[x^2] - mean^2.
void batch_norm_stats(CpuContext&, const Tensor& x, Tensor& mean, Tensor& m2);
void batch_norm_stats(CudaContext&, const Tensor& x, Tensor& mean, Tensor& m2);

/// y = (x - mean) * scale + shift
void batch_norm_apply(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      Tensor& y);
void batch_norm_apply(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      Tensor& y);

/// s1 = sum of dy, s2 = sum of dy * (x - mean), of each channel
void batch_norm_backward_sums(CpuContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                              Tensor& s2);
void batch_norm_backward_sums(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                              Tensor& s2);

/// dx = a * dy + b * (x - mean) + c
void batch_norm_backward_apply(CpuContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                               const Tensor& b, const Tensor& c, Tensor& dx);
void batch_norm_backward_apply(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                               const Tensor& b, const Tensor& c, Tensor& dx);

/// What the choice of an implementation depends on.
struct BatchNormTask {
  const Tensor& x;  // (rows, C)
};

/// Which implementation a batch norm gets: of "batch_norm" on the CPU "channels" or "plain", on a GPU "own".
Choice which_batch_norm(CpuContext&, const BatchNormTask& task);
Choice which_batch_norm(CudaContext&, const BatchNormTask& task);

}  // namespace ebb::kernels
