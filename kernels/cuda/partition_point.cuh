#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/invoke.cuh"

namespace ebb::kernels {

/// The first of the indices from `low` to before `high` for which `holds` is false, as it is for all after it; `high`
/// where it is for none.
template <class Holds>
__device__ std::int64_t partition_point(std::int64_t low, std::int64_t high, Holds holds) {
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (holds(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace ebb::kernels
