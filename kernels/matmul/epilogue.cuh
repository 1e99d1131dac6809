#pragma once

#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

/// An epilogue in a kernel: `value` is the product of element `index` of y, which lies in `channel`.
template <class T>
struct EpilogueOf {
  explicit EpilogueOf(const Epilogue& epilogue) : rows(epilogue, 0) {}

  __device__ T operator()(T value, std::int64_t channel, std::int64_t index) const {
    if (rows.scale != nullptr) value *= rows.scale[channel];
    if (rows.shift != nullptr) value += rows.shift[channel];
    if (rows.residual != nullptr) value += rows.residual[index];
    return rows.relu && value < T(0) ? T(0) : value;
  }

  EpilogueRows<T> rows;
};

}  // namespace ebb::kernels
