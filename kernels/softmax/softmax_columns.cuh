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

struct ColumnLaunch {
  explicit ColumnLaunch(const Tensor& x) : columns{x.size(0) * x.size(2), x.size(1), Divider(x.size(2))} {
    const unsigned height = x.size(1) > warp_size ? 8 : 1, width = block_size / height;
    size = {dim3(grid_size((columns.count + width - 1) / width)), dim3(width, height)};
  }

  Columns columns;
  LaunchSize size;
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

/// A thread's elements of its column, `at_once` of them at a time, which are loaded before the first is used.
template <int at_once>
struct ColumnPart {
  std::int64_t start, step, end;

  __device__ explicit ColumnPart(const Columns& columns) {
    const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    start = columns.start(column);
    step = columns.inner.divisor();
    end = column < columns.count ? columns.n : 0;
  }

  /// Calls body(i) for the first of each group.
  template <class Body>
  __device__ void for_each_group(Body body) const {
    for (std::int64_t i = threadIdx.y; i < end; i += at_once * blockDim.y) body(i);
  }

  /// In place of those beyond the column, `rest`.
  template <class T>
  __device__ void load(const T* from, std::int64_t i, OpMath<T> rest, OpMath<T> (&values)[at_once]) const {
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const std::int64_t k = i + u * blockDim.y;
      values[u] = k < end ? widened(from[start + k * step]) : rest;
    }
  }

  template <class T>
  __device__ void store(T* to, std::int64_t i, const OpMath<T> (&values)[at_once]) const {
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const std::int64_t k = i + u * blockDim.y;
      if (k < end) to[start + k * step] = rounded<T>(values[u]);
    }
  }
};

/// Of the column; calls see(element) for each of this thread's elements.
template <class T, int at_once, class See>
__device__ MaxAndSum<OpMath<T>> max_and_sum_of_column(const ColumnPart<at_once>& part, const T* x, See see) {
  using A = OpMath<T>;
  auto all = MaxAndSum<A>::of_none();
  part.for_each_group([&](std::int64_t i) {
    A values[at_once];
    part.load(x, i, -std::numeric_limits<A>::infinity(), values);
    all.add(values);
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      if (i + u * blockDim.y < part.end) see(values[u]);
    }
  });
  return combine_column(all, MaxAndSum<A>::of_both);
}

template <class T>
__global__ void softmax_columns(Columns columns, SoftmaxOf what, const T* x, T* y) {
  using A = OpMath<T>;
  constexpr int at_once = 8;
  const ColumnPart<at_once> part(columns);
  const SoftmaxResult<A> result(what, max_and_sum_of_column(part, x, [](A) {}));
  part.for_each_group([&](std::int64_t i) {
    A values[at_once];
    part.load(x, i, A(0), values);
    for (A& value : values) value = result(value);
    part.store(y, i, values);
  });
}

template <class T>
__global__ void softmax_backward_columns(Columns columns, SoftmaxGradient gradient, const T* dy, const T* y, T* dx) {
  using A = OpMath<T>;
  constexpr int at_once = 4;
  const ColumnPart<at_once> part(columns);
  A sum = 0;
  part.for_each_group([&](std::int64_t i) {
    A dys[at_once], ys[at_once];
    part.load(dy, i, A(0), dys);
    part.load(y, i, A(0), ys);
#pragma unroll
    for (int u = 0; u < at_once; ++u) sum += gradient.term(dys[u], ys[u]);  // 0 of two zeros
  });
  sum = combine_column(sum, [](A a, A b) { return a + b; });
  part.for_each_group([&](std::int64_t i) {
    A dys[at_once], ys[at_once];
    part.load(dy, i, A(0), dys);
    part.load(y, i, A(0), ys);
#pragma unroll
    for (int u = 0; u < at_once; ++u) dys[u] = gradient.result(dys[u], ys[u], sum);
    part.store(dx, i, dys);
  });
}

}  // namespace ebb::kernels
