#pragma once

#include <cstddef>
#include <utility>

#include "ebb/config.h"
#include "ebb/core/device.h"
#include "ebb/core/error.h"
#include "ebb/core/memory/allocator.h"

namespace ebb {

/// What a kernel runs in. A kernel is a pair of overloads: one for CpuContext, one for CudaContext.
struct CpuContext {};
class CudaContext;  // core/cuda/context.h: a stream of one GPU, and its handles

// What follows is defined only where ebb is built with CUDA.

CudaContext& cuda_context(int index);  // of the stream that this thread launches on
Allocator& cuda_allocator(int index);
Allocator& cuda_pinned_allocator();  // of the host's memory that GPUs reach while it goes on
int cuda_device_count();             // 0 where there is no GPU, or no driver for it

/// Makes a GPU current to CUDA's runtime, and at its end the one that was.
class CudaDeviceGuard {
 public:
  explicit CudaDeviceGuard(int index);
  CudaDeviceGuard(const CudaDeviceGuard&) = delete;
  CudaDeviceGuard& operator=(const CudaDeviceGuard&) = delete;
  ~CudaDeviceGuard();

 private:
  int before_;  // -1: the same
};

/// Whether tensors can live there: always on the CPU and on meta, on a GPU where ebb was built with CUDA and finds it.
bool is_available(Device device);

[[noreturn]] void fail_without_cuda(Device device);

/// Calls `body` with the context of `device`, but on meta, where there is nothing to do. Without CUDA no code is made
/// for CudaContext, so nothing refers to a CUDA symbol; with it, a missing CUDA overload is a link error that names it.
template <class Body>
void on_device(Device device, Body&& body) {
  if (device.is_meta()) return;
  CpuContext cpu;
  if constexpr (built_with_cuda) {
    if (device.is_cuda()) {
      CudaContext& context = cuda_context(device.index);
      const CudaDeviceGuard guard(device.index);
      return body(context);
    }
  } else {
    if (!device.is_cpu()) fail_without_cuda(device);
  }
  body(cpu);
}

Allocator& allocator_for(Device device);
/// Of pinned memory, as pin_memory() makes it. A DeviceError in a build without CUDA, or without a GPU.
Allocator& pinned_allocator();

/// Within the memory of one device.
void copy_bytes(CpuContext&, std::byte* to, const std::byte* from, std::size_t bytes);
void copy_bytes(CudaContext&, std::byte* to, const std::byte* from, std::size_t bytes);

}  // namespace ebb
