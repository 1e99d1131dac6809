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

}  // namespace ebb
