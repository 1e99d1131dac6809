#include "ebb/autograd/record.h"

#include <algorithm>

namespace ebb::autograd::detail {

bool should_record(const Tensor& y, std::span<const Tensor> inputs) {
  return is_grad_enabled() && is_floating(y.dtype()) && std::ranges::any_of(inputs, wants_grad);
}

}  // namespace ebb::autograd::detail
