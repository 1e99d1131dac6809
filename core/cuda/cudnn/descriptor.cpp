#include "ebb/core/cuda/cudnn/descriptor.h"

#include <algorithm>
#include <string>

#include "ebb/core/error.h"

namespace ebb::cudnn {

void throw_error(cudnnStatus_t status, Site site) {
  char text[512] = "";
  functions().last_error_string(text, sizeof text);
  fail<DeviceError>("cuDNN reports ", functions().error_string(status), *text != '\0' ? std::string(": ") + text : "",
                    " at ", to_string(site));
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  check_status(functions().create_descriptor(type, &descriptor_));
}

Descriptor::~Descriptor() {
  if (descriptor_ != nullptr) static_cast<void>(functions().destroy_descriptor(descriptor_));
}

Descriptor& Descriptor::set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
                            const void* values) {
  check_status(functions().set_attribute(descriptor_, name, type, count, values));
  return *this;
}

Descriptor& Descriptor::set(cudnnBackendAttributeName_t name, const Descriptor& value) {
  return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
}

Descriptor& Descriptor::set_all(cudnnBackendAttributeName_t name, std::span<const Descriptor> values) {
  std::vector<cudnnBackendDescriptor_t> all;
  for (const Descriptor& value : values) all.push_back(value.descriptor_);
  return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(all.size()), all.data());
}

Descriptor& Descriptor::finish() {
  check_status(functions().finalize(descriptor_));
  return *this;
}

bool Descriptor::try_finish() { return functions().finalize(descriptor_) == CUDNN_STATUS_SUCCESS; }

std::int64_t Descriptor::get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t most,
                             void* values) const {
  std::int64_t count = 0;
  check_status(functions().get_attribute(descriptor_, name, type, most, &count, values));
  return std::min(count, most);
}

std::int64_t Descriptor::count(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) const {
  std::int64_t count = 0;
  check_status(functions().get_attribute(descriptor_, name, type, 0, &count, nullptr));
  return count;
}

std::vector<Descriptor> Descriptor::descriptors(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type,
                                                std::int64_t most) const {
  std::vector<Descriptor> made;
  std::vector<cudnnBackendDescriptor_t> all;
  for (std::int64_t i = 0; i < most; ++i) all.push_back(made.emplace_back(type).descriptor_);
  made.erase(made.begin() + get(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, most, all.data()), made.end());
  return made;
}

}  // namespace ebb::cudnn
