#pragma once

#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/held_row.cuh"
#include "ebb/kernels/softmax/softmax_ops.cuh"

// Softmax along the middle of (outer, n, inner): neighbouring threads take neighbours along inner, and the blockDim.y
// threads of one column divide its n elements.

namespace ebb::kernels {

struct Columns {
  std::int64_t count, n;  // outer * inner, n
  Divider inner;

  /// Where column c begins; its elements lie inner.divisor() apart.
  __device__ std::int64_t start(std::int64_t column) const {
    const std::int64_t outer = inner.quotient(column);
    return outer * (n - 1) * inner.divisor() + column;
  }
};

template <class Value>
struct OfBlock {
  Value value[block_size];
};

/// Combines the values of the threads of each column, in a fixed order; all of them get the result.
template <class Value, class Combine>
__device__ Value combine_column(Value value, Combine combine) {
  auto& shared = block_shared<OfBlock<Value>>();
  if (blockDim.y == 1) return value;
  shared.value[threadIdx.y * blockDim.x + threadIdx.x] = value;
  __syncthreads();
  value = shared.value[threadIdx.x];
  for (unsigned y = 1; y < blockDim.y; ++y) value = combine(value, shared.value[y * blockDim.x + threadIdx.x]);
  return value;
}

template <class T>
__global__ void softmax_columns(Columns columns, SoftmaxOf what, const T* x, T* y) {
  using A = OpMath<T>;
  constexpr int together = 8;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t start = columns.start(column), step = columns.inner.divisor();
  const std::int64_t end = column < columns.count ? columns.n : 0;
  auto all = MaxAndSum<A>::of_none();
  for (std::int64_t i = threadIdx.y; i < end; i += together * blockDim.y) {
    A values[together];
#pragma unroll
    for (int u = 0; u < together; ++u) {
      const std::int64_t k = i + u * blockDim.y;
      values[u] = k < end ? widened(x[start + k * step]) : -std::numeric_limits<A>::infinity();
    }
    all.add(values);
  }
  all = combine_column(all, MaxAndSum<A>::of_both);
  const SoftmaxResult<A> result(what, all);
#pragma unroll 4
  for (std::int64_t i = threadIdx.y; i < end; i += blockDim.y) {
    y[start + i * step] = rounded<T>(result(widened(x[start + i * step])));
  }
}

template <class T>
__global__ void softmax_backward_columns(Columns columns, SoftmaxGradient gradient, const T* dy, const T* y, T* dx) {
  using A = OpMath<T>;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t start = columns.start(column), step = columns.inner.divisor();
  const std::int64_t end = column < columns.count ? columns.n : 0;
  A sum = 0;
#pragma unroll 4
  for (std::int64_t i = threadIdx.y; i < end; i += blockDim.y) {
    sum += gradient.term(widened(dy[start + i * step]), widened(y[start + i * step]));
  }
  sum = combine_column(sum, [](A a, A b) { return a + b; });
#pragma unroll 4
  for (std::int64_t i = threadIdx.y; i < end; i += blockDim.y) {
    const std::int64_t at = start + i * step;
    dx[at] = rounded<T>(gradient.result(widened(dy[at]), widened(y[at]), sum));
  }
}

}  // namespace ebb::kernels
