#pragma once

#include "ebb/core/context.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y = x, which live on different devices; of one dtype, with the same strides, without gaps. With `non_blocking` a
/// copy between a GPU and pinned memory of the host may be under way at the return: the GPU's stream waits for it, the
/// host does not. Between two GPUs both streams wait for it, and the host never does.
void transfer(CpuContext&, const Tensor& x, Tensor& y, bool non_blocking);
void transfer(CudaContext&, const Tensor& x, Tensor& y, bool non_blocking);

}  // namespace ebb::kernels
