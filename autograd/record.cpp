#include "ebb/autograd/record.h"

#include <algorithm>

namespace ebb::autograd::detail {

Tensor SavedOutput::get(Node& node) const {
  const Tensor& y = y_;
  if (!is_grad_enabled()) return y;
  const Tensor linked = y.detach();
  set_node(linked, Ref<Node>(&node));
  return linked;
}

void fail_released() {
  fail<GraphError>(
      "backward ran through this graph before, and let go of what it had saved; to run it again, pass "
      "retain_graph = true to the first backward()");
}

bool should_record(const Tensor& y, std::span<const Tensor> inputs) {
  return is_grad_enabled() && is_floating(y.dtype()) && std::ranges::any_of(inputs, wants_grad);
}

}  // namespace ebb::autograd::detail
