#pragma once

#include <type_traits>

#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

/// An epilogue in a kernel: `value` is the product of element `index` of y, which lies in `channel`. Elements of 16
/// bits are computed with as floats.
template <class T>
struct EpilogueOf {
  using Value = std::conditional_t<std::is_floating_point_v<T>, T, float>;

  explicit EpilogueOf(const Epilogue& epilogue) : rows(epilogue, 0) {}

  __device__ Value operator()(Value value, std::int64_t channel, std::int64_t index) const {
    if (rows.scale != nullptr) value *= static_cast<Value>(rows.scale[channel]);
    if (rows.shift != nullptr) value += static_cast<Value>(rows.shift[channel]);
    if (rows.residual != nullptr) value += static_cast<Value>(rows.residual[index]);
    return rows.relu && value < Value(0) ? Value(0) : value;
  }

  EpilogueRows<T> rows;
};

}  // namespace ebb::kernels
