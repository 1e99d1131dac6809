#pragma once

#include <iosfwd>
#include <string>

#include "ebb/core/tensor.h"

namespace ebb {

/// As PyTorch prints a tensor: "tensor([[1., 2.],\n        [3., 4.]])", more than 1000 elements abridged.
std::string to_string(const Tensor& tensor);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace ebb
