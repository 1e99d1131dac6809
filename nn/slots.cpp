#include "ebb/nn/slots.h"

#include <utility>

namespace ebb::nn {

/// A leaf of its own that wants a gradient, like `tensor` where that is a leaf already.
static Tensor trained(const Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  check(is_floating(tensor.dtype()), "a parameter must be floating, got ", tensor.dtype(), "; use a Buffer");
  return tensor.requires_grad() && tensor.is_leaf() ? tensor : tensor.detach().requires_grad_();
}

Parameter::Parameter(Module* parent, const char* name, const Tensor& tensor) : Parameter(std::string(name), tensor) {
  parent->add_slot(this);
}

Parameter::Parameter(std::string name, const Tensor& tensor) : Slot(std::move(name)), tensor_(trained(tensor)) {}

static thread_local bool copies_share = false;

SharingCopies::SharingCopies() : before_(std::exchange(copies_share, true)) {}
SharingCopies::~SharingCopies() { copies_share = before_; }

Parameter::Parameter(const Parameter& other) : Slot(other) {
  if (!other.tensor_.defined()) return;
  const Tensor elements = other.tensor_.detach();
  tensor_ = (copies_share ? elements : elements.clone()).requires_grad_(other.tensor_.requires_grad());
}

Parameter::Parameter(Parameter&& other) noexcept = default;
Parameter::~Parameter() = default;

Parameter& Parameter::operator=(const Tensor& tensor) {
  tensor_ = trained(tensor);
  return *this;
}

Tensor* Parameter::parameter() { return &tensor_; }
void Parameter::tie(Slot& other) { tensor_ = *other.parameter(); }

static Tensor untrained(const Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  check(!tensor.requires_grad(), "a buffer must not have a history: assign x.detach()");
  Tensor buffer = tensor.detach();
  buffer.body().is_buffer = true;
  return buffer;
}

Buffer::Buffer(Module* parent, const char* name, const Tensor& tensor, bool persistent)
    : Buffer(std::string(name), tensor, persistent) {
  parent->add_slot(this);
}

Buffer::Buffer(std::string name, const Tensor& tensor, bool persistent)
    : Slot(std::move(name)), tensor_(untrained(tensor)), persistent_(persistent) {}

Buffer::Buffer(const Buffer& other) : Slot(other), persistent_(other.persistent_) {
  if (other.tensor_.defined()) tensor_ = untrained(copies_share ? other.tensor_.detach() : other.tensor_.clone());
}

Buffer::Buffer(Buffer&& other) noexcept = default;
Buffer::~Buffer() = default;

Buffer& Buffer::operator=(const Tensor& tensor) {
  tensor_ = untrained(tensor);
  return *this;
}

Tensor* Buffer::buffer() { return &tensor_; }
void Buffer::tie(Slot& other) { tensor_ = *other.buffer(); }
bool Buffer::is_persistent() const { return persistent_; }

ChildSlot::ChildSlot(std::string name, Layer layer) : Slot(std::move(name)), layer_(std::move(layer)) {}

ChildSlot::ChildSlot(Module* parent, const char* name, Layer layer) : ChildSlot(std::string(name), std::move(layer)) {
  parent->add_slot(this);
}

ChildSlot::ChildSlot(const ChildSlot& other) = default;
ChildSlot::ChildSlot(ChildSlot&& other) noexcept = default;
ChildSlot::~ChildSlot() = default;

Module* ChildSlot::child() { return layer_ ? &layer_.module() : nullptr; }
void ChildSlot::tie(Slot& other) { layer_ = other.share(); }
SharedLayer ChildSlot::share() const { return layer_.share(); }

Tensor ChildSlot::call_layer(const Tensor& x, Site site) const {
  const OpScope line(site);
  return in_module(name(), [&] { return layer_(x); });
}

}  // namespace ebb::nn
