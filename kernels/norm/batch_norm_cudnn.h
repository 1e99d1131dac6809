#pragma once

#include "ebb/kernels/norm/batch_norm.h"

namespace ebb::kernels {

// Whole batch norms by cuDNN; see batch_norm.h for what they compute.

/// Why cuDNN does not compute it; null where it does.
const char* cudnn_norm_refusal(const BatchNormTask& task);

void cudnn_norm_forward(CudaContext&, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail&, RunningStatistics& running, BatchStatistics& saved, Tensor& y);
void cudnn_norm_backward(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double eps, const NormResult&, BatchNormGradients& gradients);
void cudnn_norm_inference(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& scale,
                          const Tensor& shift, double eps, const NormTail&, Tensor& y);

}  // namespace ebb::kernels
