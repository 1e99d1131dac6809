#pragma once

#include <type_traits>

#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

/// An epilogue in a kernel: `value` is the product of element `index` of y, which lies in `channel`. Elements of 16
/// bits are computed with as floats.
template <class T>
struct EpilogueOf {
  using Value = std::conditional_t<std::is_floating_point_v<T>, T, float>;

  explicit EpilogueOf(const Epilogue& epilogue) : elements(elements_of<T>(epilogue)) {}

  __device__ Value operator()(Value value, std::int64_t channel, std::int64_t index) const {
    if (elements.scale != nullptr) value *= static_cast<Value>(elements.scale[channel]);
    if (elements.shift != nullptr) value += static_cast<Value>(elements.shift[channel]);
    if (elements.residual != nullptr) value += static_cast<Value>(elements.residual[index]);
    return elements.relu && value < Value(0) ? Value(0) : value;
  }

  TileEpilogue<T> elements;
};

}  // namespace ebb::kernels
