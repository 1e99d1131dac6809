#include "ebb/nn/layer.h"

#include "ebb/nn/call.h"

namespace ebb::nn {

SharedLayer::SharedLayer(std::shared_ptr<Module> module, Tensor (*forward)(Module&, const Tensor&),
                         Module* (*copy)(const Module&))
    : module_(std::move(module)), forward_(forward), copy_(copy) {}

SharedLayer::SharedLayer(Layer layer) : SharedLayer(layer.share()) {}

Tensor SharedLayer::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  Module& called = module();
  if (!called.hooks() || called.hooks()->empty()) return forward_(called, x);
  detail::HookedCall hooked(called, {x});
  Tensor y = forward_(called, hooked.inputs[0]);
  hooked.finish({&y, 1});
  return y;
}

Module& SharedLayer::module() const {
  check(module_ != nullptr, "an empty layer was used: one that was not given a module");
  return *module_;
}

SharedLayer SharedLayer::copy() const {
  SharedLayer copy(*this);
  if (module_) copy.module_.reset(copy_(*module_));
  return copy;
}

void SharedLayer::fail_to_call(const Module& module) {
  fail(module.kind(), " does not map one tensor to one: call it as what it is, with as<...>()");
}

Layer::Layer(SharedLayer shared) : held_(std::move(shared)) {}
Layer::Layer(const Layer& other) : held_(other.held_.copy()) {}
Layer::Layer(Layer&& other) noexcept = default;
Layer& Layer::operator=(Layer other) {
  held_ = std::move(other.held_);
  return *this;
}
Layer::~Layer() = default;

Layer clone(const Layer& layer) {
  Layer copy(layer);
  restore_ties(layer.module(), copy.module());
  return copy;
}

}  // namespace ebb::nn
