#pragma once

#include <array>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

inline constexpr std::size_t max_operands = 4;

/// How n operands of one shape are walked together: dimensions ordered by the stride of the last operand (the
/// output), innermost first, and merged where all operands allow it. An operand that broadcasts has stride 0.
template <std::size_t n>
struct Rows {
  Shape sizes;
  std::array<Strides, n> strides;  // in elements
  std::int64_t numel;
};

namespace detail {
void plan_rows(Shape& sizes, std::span<Strides> strides);
Strides broadcast_strides(const Tensor& x, const Shape& shape);
}  // namespace detail

template <class... Inputs>
Rows<sizeof...(Inputs) + 1> plan_rows(const Tensor& y, const Inputs&... inputs) {
  Rows<sizeof...(Inputs) + 1> rows{
      y.shape(), {detail::broadcast_strides(inputs, y.shape())..., y.strides()}, y.numel()};
  detail::plan_rows(rows.sizes, rows.strides);
  return rows;
}

}  // namespace ebb::kernels
