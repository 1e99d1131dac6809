// A device whose memory is the host's.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <cuda_runtime_api.h>

#include "tests/support/cuda_emulator/emulator.h"

namespace emulator {
namespace detail {
void count_malloc();
}

namespace {

struct DeviceMemory {
  std::mutex mutex;
  std::unordered_map<void*, std::size_t> sizes;
  std::size_t used = 0, limit = 0;
};

DeviceMemory& memory() {
  static auto* instance = new DeviceMemory;
  return *instance;
}

int device_count = 1;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t failed(cudaError_t status) { return last_error = status; }

}  // namespace

void set_device_count(int count) { device_count = count; }

void set_memory_limit(std::size_t bytes) {
  const std::lock_guard guard(memory().mutex);
  memory().limit = bytes;
}

}  // namespace emulator

using emulator::failed;
using emulator::memory;

const char* cudaGetErrorName(cudaError_t status) {
  switch (status) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    default:
      return "cudaErrorInvalidValue";
  }
}

const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaErrorMemoryAllocation ? "out of memory" : "emulated error";
}

cudaError_t cudaGetLastError() { return std::exchange(emulator::last_error, cudaSuccess); }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = std::max(emulator::device_count, 0);
  if (emulator::device_count < 0) return failed(cudaErrorInsufficientDriver);
  return *count == 0 ? failed(cudaErrorNoDevice) : cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return device >= 0 && device < emulator::device_count ? cudaSuccess : failed(cudaErrorInvalidDevice);
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = 4;  // few, so that small tests take the paths of large grids
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = reinterpret_cast<cudaStream_t>(std::uintptr_t{1});
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }

cudaError_t cudaMalloc(void** to, std::size_t bytes) {
  const std::lock_guard guard(memory().mutex);
  emulator::detail::count_malloc();
  if (memory().limit != 0 && memory().used + bytes > memory().limit) return failed(cudaErrorMemoryAllocation);
  if (posix_memalign(to, 512, std::max<std::size_t>(bytes, 1)) != 0) return failed(cudaErrorMemoryAllocation);
  std::memset(*to, 0xff, bytes);  // NaN, so that reading what nobody wrote shows
  memory().sizes.emplace(*to, bytes);
  memory().used += bytes;
  return cudaSuccess;
}

cudaError_t cudaFree(void* from) {
  const std::lock_guard guard(memory().mutex);
  const auto found = memory().sizes.find(from);
  if (found == memory().sizes.end()) return from == nullptr ? cudaSuccess : failed(cudaErrorInvalidValue);
  memory().used -= found->second;
  memory().sizes.erase(found);
  std::free(from);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t) {
  std::memmove(to, from, bytes);
  return cudaSuccess;
}
