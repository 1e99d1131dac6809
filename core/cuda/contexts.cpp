// Which GPUs and streams there are, and which of them a thread works on.
#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/error.h"

namespace ebb {
namespace {

constexpr std::size_t max_devices = 64, streams_per_priority = 32;

/// Never destroyed: at the exit of a process CUDA may be gone before the last tensor is.
using Slot = std::atomic<CudaContext*>;

/// The streams of one GPU, each made when it is first asked for.
struct OfDevice {
  Slot first;  // that of the threads that choose none
  std::array<std::array<Slot, streams_per_priority>, 2> others;
  std::array<std::atomic<std::size_t>, 2> taken;
};
std::array<OfDevice, max_devices> devices;

/// What a thread has chosen; null for most threads, and devices.
using Chosen = std::array<CudaContext*, max_devices>;
thread_local std::unique_ptr<Chosen> chosen;

void check_present(int index) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) static_cast<void>(cudaGetLastError());  // or the next launch would report it
  check<DeviceError>(status != cudaErrorInsufficientDriver, "a tensor is to live on cuda:", index,
                     ", but this machine has no NVIDIA driver, or one that is too old: ", cudaGetErrorString(status));
  if (status != cudaErrorNoDevice) cuda_check(status);
  check<DeviceError>(index >= 0 && index < count, "there is no device cuda:", index, ": this machine has ", count,
                     count == 1 ? " GPU" : " GPUs");
}

CudaContext& context_in(Slot& slot, int index, int priority) {
  CudaContext* made = slot.load(std::memory_order_acquire);
  if (made != nullptr) [[likely]] {
    return *made;
  }
  static std::mutex mutex;
  const std::lock_guard guard(mutex);
  made = slot.load(std::memory_order_relaxed);
  if (made == nullptr) {
    made = new CudaContext(index, priority);
    slot.store(made, std::memory_order_release);
  }
  return *made;
}

OfDevice& of_device(int index) {
  const auto place = static_cast<std::size_t>(index);
  if (place < max_devices && devices[place].first.load(std::memory_order_relaxed) != nullptr) return devices[place];
  check_present(index);
  return devices.at(place);
}

}  // namespace

// What the runtime says is asked for, not remembered: another library may have changed it.
CudaDeviceGuard::CudaDeviceGuard(int index) : before_(-1) {
  int current = index;
  cuda_check(cudaGetDevice(&current));
  if (current == index) return;
  cuda_check(cudaSetDevice(index));
  before_ = current;
}

CudaDeviceGuard::~CudaDeviceGuard() {
  if (before_ >= 0) static_cast<void>(cudaSetDevice(before_));
}

int cuda_device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  static_cast<void>(cudaGetLastError());
  return 0;
}

CudaContext& default_cuda_context(int index) { return context_in(of_device(index).first, index, 0); }

CudaContext& next_cuda_context(int index, int priority) {
  OfDevice& device = of_device(index);
  const std::size_t row = priority < 0 ? 1 : 0;
  const std::size_t number = device.taken[row].fetch_add(1, std::memory_order_relaxed) % streams_per_priority;
  return context_in(device.others[row][number], index, priority < 0 ? -1 : 0);
}

CudaContext& cuda_context(int index) {
  if (chosen != nullptr) [[unlikely]] {
    const auto place = static_cast<std::size_t>(index);
    if (place < max_devices && (*chosen)[place] != nullptr) return *(*chosen)[place];
  }
  return default_cuda_context(index);
}

void set_cuda_context(CudaContext& context) {
  if (chosen == nullptr) chosen = std::make_unique<Chosen>();
  (*chosen)[static_cast<std::size_t>(context.index())] = &context;
}

}  // namespace ebb
