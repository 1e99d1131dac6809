#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

// Copies: to another place, memory format, dtype or device.

/// A tensor of its own with the same elements.
Tensor clone(const Tensor& x, Site site = Site::current());
/// x itself where it lies in `format`, a copy that does otherwise.
Tensor contiguous(const Tensor& x, MemoryFormat format = MemoryFormat::contiguous, Site site = Site::current());
/// x itself where it has the dtype, or lives on the device, already.
Tensor to(const Tensor& x, DType dtype, Site site = Site::current());
Tensor to(const Tensor& x, Device device, Site site = Site::current());
/// With `non_blocking` copies between a GPU and pinned memory are only begun: the GPU's stream waits for them, the host
/// does not. What goes to the CPU goes to pinned memory, and is to be read after cuda::current_stream().synchronize().
Tensor to(const Tensor& x, Device device, bool non_blocking, Site site = Site::current());

/// x itself where its memory is pinned, a copy on the CPU that is otherwise: GPUs copy from there while the host goes
/// on. A DeviceError where there is no GPU.
Tensor pin_memory(const Tensor& x, Site site = Site::current());

}  // namespace ebb
