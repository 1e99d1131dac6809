#pragma once

#include <cstdint>

#include <cuda.h>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// Matrices of elements of 16 bits, as lines of neighbours. Sizes and strides are of elements.
struct TensorLines {
  const void* data;
  std::int64_t length, lines, batch;
  std::int64_t line_stride, batch_stride;
};

/// x, which is (batch, rows, columns), with lines along dimension 1 or 2, of stride 1.
TensorLines lines_of(const Tensor& x, int along);

/// Why TMA cannot copy from there; null where it can.
const char* tensor_map_refusal(const TensorLines& x);

/// How TMA copies boxes of 64 elements of `box_lines` lines, to lines of 128 bytes in the order of HalfPanel. Outside
/// of the tensor are zeros. Matrices that are all the same are one. A DeviceError where the driver refuses.
CUtensorMap tensor_map(const TensorLines& x, DType dtype, int box_lines);

}  // namespace ebb::kernels
