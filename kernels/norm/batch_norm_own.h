#pragma once

#include "ebb/kernels/norm/batch_norm.h"

namespace ebb::kernels {

// Batch norm by ebb's own kernels on a GPU; see batch_norm.h for what they compute.

void own_norm_forward(CudaContext&, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                      const NormTail&, RunningStatistics& running, BatchStatistics& saved, Tensor& y);
void own_norm_backward(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& scale,
                       const BatchStatistics& saved, double eps, const NormResult&, BatchNormGradients& gradients);
void own_norm_inference(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& scale,
                        const Tensor& shift, double eps, const NormTail&, Tensor& y);

void own_stats(CudaContext&, const Tensor& x, Tensor& mean, Tensor& m2);
void own_apply(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, Tensor& y);
void own_backward_sums(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1, Tensor& s2);
void own_backward_apply(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                        const Tensor& b, const Tensor& c, Tensor& dx);

}  // namespace ebb::kernels
