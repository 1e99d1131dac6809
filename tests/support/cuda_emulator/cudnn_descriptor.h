#pragma once

#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <cudnn.h>

namespace emulator {

/// A descriptor of the emulated cuDNN: its attributes as they were set. Those that refer to others share them.
struct CudnnDescriptor {
  struct Attribute {
    cudnnBackendAttributeType_t type = CUDNN_TYPE_INT64;
    std::int64_t count = 0;
    std::vector<std::byte> bytes{};
    std::vector<std::shared_ptr<CudnnDescriptor>> descriptors{};
  };

  cudnnBackendDescriptorType_t type;
  bool finished = false;
  std::map<cudnnBackendAttributeName_t, Attribute> attributes{};

  bool has(cudnnBackendAttributeName_t name) const { return attributes.count(name) > 0; }

  template <class T>
  std::vector<T> all(cudnnBackendAttributeName_t name) const {
    const Attribute& attribute = attributes.at(name);
    std::vector<T> values(static_cast<std::size_t>(attribute.count));
    if (!values.empty()) std::memcpy(values.data(), attribute.bytes.data(), attribute.bytes.size());
    return values;
  }
  template <class T>
  T one(cudnnBackendAttributeName_t name) const {
    return all<T>(name).at(0);
  }
  const std::shared_ptr<CudnnDescriptor>& part(cudnnBackendAttributeName_t name) const {
    return attributes.at(name).descriptors.at(0);
  }
  const std::vector<std::shared_ptr<CudnnDescriptor>>& parts(cudnnBackendAttributeName_t name) const {
    return attributes.at(name).descriptors;
  }

  template <class T>
  void put(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t kind, const std::vector<T>& values) {
    Attribute attribute{.type = kind, .count = static_cast<std::int64_t>(values.size())};
    attribute.bytes.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(attribute.bytes.data(), values.data(), attribute.bytes.size());
    attributes[name] = std::move(attribute);
  }
  void put(cudnnBackendAttributeName_t name, std::vector<std::shared_ptr<CudnnDescriptor>> values) {
    attributes[name] = {.type = CUDNN_TYPE_BACKEND_DESCRIPTOR,
                        .count = static_cast<std::int64_t>(values.size()),
                        .descriptors = std::move(values)};
  }
};

namespace detail {
/// Why the sizes of an operation of convolution do not fit each other; null where they do.
const char* misfit(const CudnnDescriptor& operation);
/// Why the operations of a graph cannot run on the tensors of a variant pack; null where they can.
const char* misfit(const CudnnDescriptor& graph, const CudnnDescriptor& pack);
/// Runs them.
void compute(const CudnnDescriptor& graph, const CudnnDescriptor& pack);
}  // namespace detail

}  // namespace emulator
