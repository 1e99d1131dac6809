#pragma once

#include "ebb/core/device.h"
#include "ebb/core/dtype/dtype.h"

namespace ebb::bench {

/// What the device can do at most: operations and bytes a second.
struct Ceilings {
  double flops = 0, bandwidth = 0;
};

/// Measured, not looked up. On the CPU: multiply-adds in registers, and the better of reading an array and of adding
/// two into a third, on all threads. On a GPU: the product of two matrices of 8192 x 8192, and the better of reading
/// and of copying a gibibyte.
Ceilings measure_ceilings(Device device, DType dtype);

}  // namespace ebb::bench
