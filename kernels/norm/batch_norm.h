#pragma once

#include <cstdint>

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/choice.h"

namespace ebb::kernels {

// Whole batch norms: x, y, dy, dx are images (N, C, H, W), channels-last without gaps, or (N, C), and hold more than
// one value per channel. All others are (C), contiguous and of the dtype that x computes in (opmath_type), but for the
// running statistics.

/// What training moves towards the batch's statistics: running = (1 - momentum) running + momentum batch's, of the
/// variance the unbiased one. Each may be undefined, and so may `count`, a scalar (int64) that grows by one.
struct RunningStatistics {
  Tensor mean, var;
  double momentum;
  Tensor count{};
};

/// What the forward pass in training gives to the backward pass: the batch's mean, and inverse = 1 / sqrt(var + eps).
struct BatchStatistics {
  Tensor mean, inverse;
  Tensor reserve;  ///< what an implementation keeps for itself; undefined of most
};

/// What becomes of a norm while it is at hand: relu(norm + residual), where these are wanted.
struct NormTail {
  bool relu = false;
  Tensor residual{};  ///< of the shape and strides of y
};

/// y = (x - mean) * inverse * scale + shift and its tail, by the statistics of x; makes `saved.reserve`, and fills the
/// others.
void batch_norm_forward(CpuContext&, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y);
void batch_norm_forward(CudaContext&, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y);

/// What the forward pass made, for the gradient of its ReLU; all undefined where it had none.
struct NormResult {
  Tensor y, shift;
  bool has_residual = false;
};

/// The gradients of x, scale, shift and, where it is defined, of the residual, given that of y.
struct BatchNormGradients {
  Tensor dx, dscale, dshift, dresidual;
};
void batch_norm_backward(CpuContext&, const Tensor& dy, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double eps, const NormResult& result,
                         BatchNormGradients& gradients);
void batch_norm_backward(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double eps, const NormResult& result,
                         BatchNormGradients& gradients);

/// y = (x - mean) / sqrt(var + eps) * scale + shift and its tail
void batch_norm_inference(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& scale,
                          const Tensor& shift, double eps, const NormTail& tail, Tensor& y);
void batch_norm_inference(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& scale,
                          const Tensor& shift, double eps, const NormTail& tail, Tensor& y);

// The same in parts, local sums and their use, so that statistics of several devices can be merged in between. x, y,
// dy, dx are (rows, C), contiguous: a channels-last (N, C, H, W) seen as N H W rows. All others are (C).

/// mean and m2 = sum of (x - mean)^2 of each channel, in two passes or by Welford's recurrence, never E[x^2] - mean^2.
void batch_norm_stats(CpuContext&, const Tensor& x, Tensor& mean, Tensor& m2);
void batch_norm_stats(CudaContext&, const Tensor& x, Tensor& mean, Tensor& m2);

/// y = (x - mean) * scale + shift
void batch_norm_apply(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      Tensor& y);
void batch_norm_apply(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      Tensor& y);
/// The same and its tail.
void batch_norm_apply(CpuContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift,
                      const NormTail& tail, Tensor& y);

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

enum class NormPass : std::uint8_t { parts, forward, backward, inference };

/// What the choice of an implementation depends on.
struct BatchNormTask {
  const Tensor& x;
  NormPass pass = NormPass::parts;
  const RunningStatistics* running = nullptr;  ///< of the forward pass
  const BatchStatistics* saved = nullptr;      ///< of the backward pass
  bool has_tail = false;
};

/// Which implementation a batch norm gets: of "batch_norm" on the CPU "channels" or "plain", on a GPU "own" or "cudnn",
/// of which "own" alone has the parts.
Choice which_batch_norm(CpuContext&, const BatchNormTask& task);
Choice which_batch_norm(CudaContext&, const BatchNormTask& task);

}  // namespace ebb::kernels
