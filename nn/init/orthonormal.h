#pragma once

#include "ebb/core/tensor.h"

namespace ebb::nn {

/// The Q of x = QR for a matrix x with at least as many rows as columns, with the diagonal of R positive: Gram and
/// Schmidt on the CPU in float64, each column twice. Not installed.
Tensor orthonormal_columns(const Tensor& x);

}  // namespace ebb::nn
