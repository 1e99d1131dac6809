#include "ebb/nn/containers/open_module.h"

namespace ebb::nn {

OpenModule::OpenModule() = default;
OpenModule::OpenModule(const OpenModule&) = default;
OpenModule::OpenModule(OpenModule&&) = default;
OpenModule::~OpenModule() = default;

void OpenModule::check_new(const std::string& name) const {
  each_slot([&](const Slot& slot) { check(slot.name() != name, "two members are named \"", name, "\""); });
}

Child<Layer>& OpenModule::add_module(const std::string& name, Layer layer) {
  check_new(name);
  return children_.append(name, std::move(layer));
}

Parameter& OpenModule::register_parameter(const std::string& name, const Tensor& tensor) {
  check_new(name);
  return parameters_.append(name, tensor);
}

Buffer& OpenModule::register_buffer(const std::string& name, const Tensor& tensor, bool persistent) {
  check_new(name);
  return buffers_.append(name, tensor, persistent);
}

void OpenModule::each_slot(const std::function<void(Slot&)>& visit) const {
  Module::each_slot(visit);
  parameters_.visit(visit);
  buffers_.visit(visit);
  children_.visit(visit);
}

}  // namespace ebb::nn
