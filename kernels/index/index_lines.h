#pragma once

#include "ebb/kernels/rows.h"

namespace ebb::kernels {

/// x with the sizes of `shape` and a stride of 0 along dim: where its lines begin.
inline Tensor line_starts(const Tensor& x, int dim, const Shape& shape) {
  Strides strides = x.strides();
  strides[dim] = 0;
  return x.alias(shape, strides, x.storage_offset());
}

/// As line_starts, of one element along dim.
inline Tensor first_of_lines(const Tensor& x, int dim, Shape shape) {
  shape[dim] = 1;
  return line_starts(x, dim, shape);
}

}  // namespace ebb::kernels
