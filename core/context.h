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
class CudaContext;                     // core/cuda/context.h: the stream and the handles of one GPU
CudaContext& cuda_context(int index);  // defined only where ebb is built with CUDA
Allocator& cuda_allocator(int index);
int cuda_device_count();  // 0 where there is no GPU, or no driver for it

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
    if (device.is_cuda()) return body(cuda_context(device.index));
  } else {
    if (!device.is_cpu()) fail_without_cuda(device);
  }
  body(cpu);
}

Allocator& allocator_for(Device device);

/// Within the memory of one device.
void copy_bytes(CpuContext&, std::byte* to, const std::byte* from, std::size_t bytes);
void copy_bytes(CudaContext&, std::byte* to, const std::byte* from, std::size_t bytes);

}  // namespace ebb
