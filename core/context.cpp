#include "ebb/core/context.h"

#include <cstring>

namespace ebb {

bool is_available(Device device) {
  if (!device.is_cuda()) return true;
  if constexpr (built_with_cuda) return device.index < cuda_device_count();
  return false;
}

void fail_without_cuda(Device device) {
  fail<DeviceError>("a tensor is to live on ", device, ", but this ebb was built without CUDA");
}

Allocator& allocator_for(Device device) {
  if (device.is_cpu()) return cpu_allocator();
  check(!device.is_meta(), "tensors on meta have no memory, so there is no allocator");
  if constexpr (built_with_cuda) return cuda_allocator(device.index);
  fail_without_cuda(device);
}

Allocator& pinned_allocator() {
  if constexpr (built_with_cuda) return cuda_pinned_allocator();
  fail_without_cuda(kCUDA);
}

void copy_bytes(CpuContext&, std::byte* to, const std::byte* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace ebb
