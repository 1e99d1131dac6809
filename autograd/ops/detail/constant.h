#pragma once

#include "ebb/core/tensor.h"

/// Not installed.
namespace ebb::ops {

/// `host`, a contiguous table on the CPU, on a device: on a GPU from a cache, so that only the first call with these
/// values copies them. The result is shared: it is not to be written to. Recorded by no graph.
Tensor constant(const Tensor& host, Device device);

}  // namespace ebb::ops
