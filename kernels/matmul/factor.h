#pragma once

#include <cstdint>

#include "ebb/core/tensor.h"

namespace ebb::kernels {

/// One of the two factors of y = a b, seen as (outer, k): outer are the rows of a, or the columns of b.
template <class T>
struct Factor {
  const T* data;
  std::int64_t batch_stride, outer_stride, k_stride;
  std::int64_t outer, k;
};

/// A batch of matrices as a factor, whose dimensions `outer` and `k` are named.
template <class T>
Factor<T> factor(const Tensor& x, int outer, int k) {
  return {x.data<T>(), x.stride(0), x.stride(outer), x.stride(k), x.size(outer), x.size(k)};
}

}  // namespace ebb::kernels
