#pragma once

#include "ebb/core/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// y = x / (1 - p) where kept, else 0; x and y lie without gaps, with the same strides. Element i of the memory is
/// kept where word i % 4 of random(offset + i / 4), divided by 2^32, is at least p: the same mask on every device.
void dropout(CpuContext&, const Tensor& x, double p, const Philox& random, std::uint64_t offset, Tensor& y);
void dropout(CudaContext&, const Tensor& x, double p, const Philox& random, std::uint64_t offset, Tensor& y);

}  // namespace ebb::kernels
