// A device whose memory is the host's.
#include <algorithm>
#include <condition_variable>
#include <cstdint>
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
thread_local int current_device = 0;

/// What of the fake NCCL's work a device has still to do; all other is done when its call returns.
struct Work {
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<int, int> left;
};

Work& work() {
  static auto* instance = new Work;
  return *instance;
}

cudaError_t failed(cudaError_t status) { return last_error = status; }

}  // namespace

void set_device_count(int count) { device_count = count; }

int this_device() { return current_device; }

void add_work(int device, int count) {
  const std::lock_guard guard(work().mutex);
  work().left[device] += count;
  work().changed.notify_all();
}

bool is_idle(int device) {
  const std::lock_guard guard(work().mutex);
  return work().left[device] == 0;
}

void wait_until_idle(int device) {
  std::unique_lock guard(work().mutex);
  work().changed.wait(guard, [&] { return work().left[device] == 0; });
}

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
  if (device < 0 || device >= emulator::device_count) return failed(cudaErrorInvalidDevice);
  emulator::current_device = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = 4;  // few, so that small tests take the paths of large grids
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = reinterpret_cast<cudaStream_t>(std::uintptr_t{1});
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) {
  emulator::wait_until_idle(emulator::current_device);
  return cudaSuccess;
}

// An event is that of the device that was current when it was made.
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = reinterpret_cast<cudaEvent_t>(static_cast<std::uintptr_t>(emulator::current_device) + 1);
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const int device = static_cast<int>(reinterpret_cast<std::uintptr_t>(event)) - 1;
  return emulator::is_idle(device) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }

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
  emulator::wait_until_idle(emulator::current_device);
  std::memmove(to, from, bytes);
  return cudaSuccess;
}
