// What CUDA's libraries are on this machine, and cuDNN's own description of the GPU, from which it plans where there is
// none.
#include <cstdint>
#include <cstdio>

#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <nlohmann/json.hpp>

#include "ebb/core/context.h"
#include "ebb/core/cuda/check.h"

#include "bench/cuda/library.h"

namespace {

using ebb::bench::Library;
using nlohmann::ordered_json;

constexpr int skipped = 77;

template <class Function>
ordered_json version(const char* soname, const char* name) {
  const Library library(soname);
  if (!library.missing().empty()) return library.missing();
  return library.function<Function>(name)();
}

ordered_json nccl_version() {
  const Library library("libnccl.so.2");
  if (!library.missing().empty()) return library.missing();
  int number = 0;
  library.function<int(int*)>("ncclGetVersion")(&number);
  return number;
}

/// The JSON that CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION takes on a machine without a GPU.
ordered_json described_by_cudnn() {
  const Library library("libcudnn.so.9");
  if (!library.missing().empty()) return library.missing();
  const auto check = [](cudnnStatus_t status) {
    if (status != CUDNN_STATUS_SUCCESS) throw std::runtime_error("cuDNN's status " + std::to_string(status));
  };
  cudnnBackendDescriptor_t description = nullptr;
  std::int32_t device = 0;
  std::string text(1 << 16, '\0');
  std::int64_t size = 0;
  try {
    check(library.function<decltype(cudnnBackendCreateDescriptor)>("cudnnBackendCreateDescriptor")(
        CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &description));
    check(library.function<decltype(cudnnBackendSetAttribute)>("cudnnBackendSetAttribute")(
        description, CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, 1, &device));
    check(library.function<decltype(cudnnBackendFinalize)>("cudnnBackendFinalize")(description));
    check(library.function<decltype(cudnnBackendGetAttribute)>("cudnnBackendGetAttribute")(
        description, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, static_cast<std::int64_t>(text.size()),
        &size, text.data()));
    return ordered_json::parse(text.c_str());
  } catch (const std::exception& error) {
    return error.what();
  }
}

ordered_json device() {
  cudaDeviceProp properties{};
  ebb::cuda_check(cudaGetDeviceProperties(&properties, 0));
  int driver = 0, runtime = 0;
  ebb::cuda_check(cudaDriverGetVersion(&driver));
  ebb::cuda_check(cudaRuntimeGetVersion(&runtime));
  return {{"gpu", properties.name},
          {"capability", std::to_string(properties.major) + "." + std::to_string(properties.minor)},
          {"multiprocessors", properties.multiProcessorCount},
          {"l2_bytes", properties.l2CacheSize},
          {"memory_bytes", properties.totalGlobalMem},
          {"driver", driver},
          {"runtime", runtime},
          {"cublas", version<std::size_t()>("libcublasLt.so.13", "cublasLtGetVersion")},
          {"cudnn", version<std::size_t()>("libcudnn.so.9", "cudnnGetVersion")},
          {"nccl", nccl_version()},
          {"cudnn_device_properties", described_by_cudnn()}};
}

}  // namespace

int main() try {
  if (ebb::cuda_device_count() == 0) {
    std::puts("no GPU: this machine has no NVIDIA GPU, or no driver for it");
    return skipped;
  }
  std::puts(device().dump().c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "cuda_device: %s\n", error.what());
  return 1;
}
