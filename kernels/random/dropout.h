#pragma once

#include "ebb/core/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// Where a mask is drawn from: words `offset` and on of `random`. In a graph each replay has others, which `in_graph`
/// (16 bytes on the GPU: the seed, the offset) holds then.
struct MaskSource {
  Philox random;
  std::uint64_t offset;
  Tensor in_graph;
};

/// y = x / (1 - p) where kept, else 0; x and y lie without gaps, with the same strides. Element i of the memory is
/// kept where word i % 4 of random(offset + i / 4), divided by 2^32, is at least p: the same mask on every device.
void dropout(CpuContext&, const Tensor& x, double p, const MaskSource& source, Tensor& y);
void dropout(CudaContext&, const Tensor& x, double p, const MaskSource& source, Tensor& y);

}  // namespace ebb::kernels
