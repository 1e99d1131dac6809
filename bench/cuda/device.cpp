// What CUDA's libraries are on this machine, and cuDNN's own description of the GPU, from which it plans where there is
// none.
#include <cstdint>
#include <cstdio>

#include <cuda_runtime_api.h>
#include <nlohmann/json.hpp>

#include "ebb/core/backends/backends.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/library.h"

#include "bench/cuda/cudnn_device.h"
#include "bench/cuda/no_gpu.h"

namespace {

using nlohmann::ordered_json;

/// What the function says; a text where the library or the function is missing.
template <class Function>
ordered_json version(const char* product, const char* file, const char* name) {
  struct Functions {
    Function* version;
  };
  const auto library = ebb::open_library<Functions>(
      product, file, [&](ebb::LibraryOpener& opener, Functions& functions) { opener.find(name, functions.version); });
  if (library.functions == nullptr) return library.missing;
  if constexpr (std::is_invocable_v<Function>) {
    return library.functions->version();
  } else {
    int number = 0;
    library.functions->version(&number);
    return number;
  }
}

/// The JSON that CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION takes on a machine without a GPU.
ordered_json described_by_cudnn() {
  try {
    return ordered_json::parse(ebb::bench::cudnn_device_properties());
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
          {"cublas", version<std::size_t()>("cuBLAS", "libcublasLt.so.13", "cublasLtGetVersion")},
          {"cudnn", ebb::backends::cudnn.version()},
          {"nccl", version<int(int*)>("NCCL", "libnccl.so.2", "ncclGetVersion")},
          {"cudnn_device_properties", described_by_cudnn()}};
}

}  // namespace

int main() try {
  if (ebb::bench::says_no_gpu()) return ebb::bench::skipped;
  std::puts(device().dump().c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "cuda_device: %s\n", error.what());
  return 1;
}
