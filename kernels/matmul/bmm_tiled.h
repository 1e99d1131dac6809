#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// As bmm, by ebb's own kernel whatever the batch; nothing in it is empty. For tests and benchmarks.
void bmm_tiled(CudaContext&, const Tensor& a, const Tensor& b, Tensor& y);

}  // namespace ebb::kernels
