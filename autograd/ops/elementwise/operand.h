#pragma once

#include <concepts>

#include "ebb/core/tensor.h"

namespace ebb {

/// One side of an infix operator, a tensor or what stands for one (a saved tensor, a parameter), and the line that
/// wrote it.
struct Operand {
  template <std::convertible_to<const Tensor&> T>
  Operand(const T& x, Site at = Site::current()) : tensor(x), site(at) {}

  const Tensor& tensor;
  Site site;
};

}  // namespace ebb
