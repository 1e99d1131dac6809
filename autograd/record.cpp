#include "ebb/autograd/record.h"

#include <algorithm>
#include <vector>

namespace ebb::autograd::detail {

bool should_record(const Tensor& y, std::span<const Tensor> inputs) {
  return is_grad_enabled() && is_floating(y.dtype()) && std::ranges::any_of(inputs, wants_grad);
}

void link(const Tensor& y, std::span<const Tensor> inputs, const Closure& closure) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  link(y, pointers, {&closure, 1}, sizeof(Closure) + closure.type->size);
}

}  // namespace ebb::autograd::detail
