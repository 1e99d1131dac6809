#pragma once

#include <span>
#include <vector>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb::test {

/// The elements in C order.
inline std::vector<double> values(const Tensor& x) {
  const NoGradGuard no_grad;
  const Tensor dense = x.detach().to(kFloat64).contiguous();
  const std::span elements(dense.data<double>(), static_cast<std::size_t>(dense.numel()));
  return {elements.begin(), elements.end()};
}

/// A float64 leaf that wants a gradient.
inline Tensor leaf(std::vector<double> elements, const Shape& shape) {
  return from_values(std::span<const double>(elements), shape).requires_grad_();
}
inline Tensor leaf(std::vector<double> elements) {
  const Shape shape{static_cast<std::int64_t>(elements.size())};
  return leaf(std::move(elements), shape);
}

using Values = std::vector<double>;

}  // namespace ebb::test
