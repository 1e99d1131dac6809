#pragma once

#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/invoke.cuh"
#include "ebb/kernels/rows.h"

namespace ebb::kernels {

/// A Rows that passes to a kernel by value: from the number of an element to its place in each operand.
template <int n>
struct Walk {
  struct Offsets {
    std::int64_t of[n];
  };

  explicit Walk(const Rows<static_cast<std::size_t>(n)>& rows) : dims(rows.sizes.size()) {
    for (int d = 0; d < dims; ++d) {
      sizes[d] = Divider(rows.sizes[d]);
      for (int k = 0; k < n; ++k) strides[d][k] = rows.strides[static_cast<std::size_t>(k)][d];
    }
  }

  EBB_HOST_DEVICE Offsets operator()(std::int64_t element) const {
    Offsets offsets{};
    for (int d = 0; d < dims; ++d) {
      const std::int64_t index = d + 1 < dims ? sizes[d].split(element) : element;
      for (int k = 0; k < n; ++k) offsets.of[k] += index * strides[d][k];
    }
    return offsets;
  }

  /// The same where there are fewer than 2^31 elements.
  __device__ Offsets small(std::uint32_t element) const {
    Offsets offsets{};
#pragma unroll 1
    for (int d = 0; d < dims; ++d) {
      const std::uint32_t rest = d + 1 < dims ? sizes[d].quotient_small(element) : 0;
      const std::int64_t index = element - rest * static_cast<std::uint32_t>(sizes[d].divisor());
      for (int k = 0; k < n; ++k) offsets.of[k] += index * strides[d][k];
      element = rest;
    }
    return offsets;
  }

  int dims;
  Divider sizes[max_dims];
  std::int64_t strides[max_dims][n];
};

/// Whether all operands are walked one element after the other.
template <std::size_t n>
bool is_dense(const Rows<n>& rows) {
  if (rows.sizes.size() != 1) return false;
  for (const Strides& s : rows.strides) {
    if (s[0] != 1 && rows.numel > 1) return false;
  }
  return true;
}

}  // namespace ebb::kernels
