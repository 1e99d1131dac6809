#pragma once

#include "ebb/kernels/norm/batch_norm.h"

namespace ebb::kernels {

// Batch norm on the CPU, all channels of a row at once; see batch_norm.h for what they compute.

/// Where a ReLU follows: see ChannelMask. Undefined where none does.
struct NormMask {
  Tensor scale{}, shift{};
};

void channels_stats(const Tensor& x, Tensor& mean, Tensor& m2);
void channels_apply(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
                    Tensor& y);
void channels_backward_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, Tensor& s1,
                            Tensor& s2);
void channels_backward_apply(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask,
                             const Tensor& a, const Tensor& b, const Tensor& c, Tensor& dx);

}  // namespace ebb::kernels
