#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

// Cross entropy of scores x (N, C, S), contiguous and of a floating dtype, and one of C classes for each of N S
// positions. What there is one of for each position is of opmath_type(x.dtype()).

struct ClassTargets {
  Tensor target;  ///< (N, S), int64 and contiguous. What lies outside of [0, C) is an Error on the CPU, NaN on a GPU.
  std::int64_t ignored;  ///< the class of positions that have no loss and no gradient
  double smoothing;      ///< the share of each target that is spread evenly over all classes
};

/// Of log p = x - m - log s, with m the maximum of x and s the sum of exp(x - m) along C:
/// losses (N, S) = -(1 - smoothing) log p[target] - smoothing (mean of log p), +0 where ignored; norms (N, S, 2) = m
/// and log s. All contiguous.
void cross_entropy(CpuContext&, const Tensor& x, const ClassTargets& of, Tensor& losses, Tensor& norms);
void cross_entropy(CudaContext&, const Tensor& x, const ClassTargets& of, Tensor& losses, Tensor& norms);

/// dx = dy (p - (1 - smoothing) [c = target] - smoothing / C), 0 where ignored; dy (N, S) with any strides.
void cross_entropy_backward(CpuContext&, const Tensor& dy, const Tensor& x, const ClassTargets& of, const Tensor& norms,
                            Tensor& dx);
void cross_entropy_backward(CudaContext&, const Tensor& dy, const Tensor& x, const ClassTargets& of,
                            const Tensor& norms, Tensor& dx);

/// count = how many targets are not ignored, mean = the sum of all losses over it; scalars of the losses' dtype.
void mean_of_counted(CpuContext&, const Tensor& losses, const Tensor& target, std::int64_t ignored, Tensor& mean,
                     Tensor& count);
void mean_of_counted(CudaContext&, const Tensor& losses, const Tensor& target, std::int64_t ignored, Tensor& mean,
                     Tensor& count);

}  // namespace ebb::kernels
