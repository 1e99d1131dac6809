#pragma once

#include "ebb/kernels/norm/channels.h"

namespace ebb::kernels {

// Batch norm by the loops of its definition, on one thread, with sums in double: what the others are compared with. See
// batch_norm.h.

void plain_stats(const Tensor& x, Tensor& mean, Tensor& m2);
void plain_apply(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
                 Tensor& y);
void plain_backward_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, Tensor& s1,
                         Tensor& s2);
void plain_backward_apply(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, const Tensor& a,
                          const Tensor& b, const Tensor& c, Tensor& dx);

}  // namespace ebb::kernels
