#include "ebb/autograd/saved.h"

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/node.h"

namespace ebb::autograd {

static thread_local std::vector<Tensor>* collector = nullptr;

/// The tensor, or where it is a leaf or the view of one a twin with the same node: the leaf owns its gradient, which
/// may have a graph, which would own the leaf again.
static Tensor without_owner(const Tensor& tensor) {
  const Ref<Node> node = node_of(tensor);
  const bool owns_gradient = node && node->grad_owner == &tensor.body();
  if (!owns_gradient && !tensor.body().base) return tensor;
  const Tensor twin = tensor.detach();
  if (node) set_node(twin, node);
  return twin;
}

Saved::Saved(const Tensor& tensor) {
  if (!is_grad_enabled() || !tensor.defined()) return;
  tensor_ = without_owner(tensor);
  version_ = tensor.storage().version();
}

Saved::Saved(const Saved& other) : tensor_(other.tensor_), version_(other.version_) {
  if (collector != nullptr && tensor_.defined()) collector->push_back(tensor_);
}

Saved::Collecting::Collecting(std::vector<Tensor>& into) { collector = &into; }

Saved::Collecting::~Collecting() { collector = nullptr; }

void Saved::fail_overwritten() const {
  const Storage& storage = tensor_.storage();
  const auto at = [](Site site) { return site.line == 0 ? std::string() : " at " + to_string(site); };
  fail<GraphError>(storage.last_writer(), at(storage.last_write_site()), " overwrote what ", OpScope::name(),
                   at(OpScope::site()), " had saved for its gradient, a tensor of shape ", tensor_.shape(),
                   " (version ", version_, ", now ", storage.version(),
                   "); use the op that does not work in place, or clone() the tensor before it");
}

}  // namespace ebb::autograd
