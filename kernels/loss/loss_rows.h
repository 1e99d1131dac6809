#pragma once

#include "ebb/kernels/elementwise/rows.h"
#include "ebb/kernels/loss/loss_ops.h"

namespace ebb::kernels {

// The functions for the alternative that `op` counts, of LossOp, and of LossGradient of one.
template <Isa, class T>
BinaryRow loss_row(std::size_t op);
template <Isa, class T>
TernaryRow loss_gradient_row(std::size_t op);

}  // namespace ebb::kernels
