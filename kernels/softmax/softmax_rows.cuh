#pragma once

#include "ebb/kernels/cuda/held_row.cuh"
#include "ebb/kernels/softmax/softmax_ops.cuh"

// Softmax of contiguous rows.

namespace ebb::kernels {

struct Plus {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

/// The maximum of a row, whose elements beyond its end are -infinity.
template <class T, int packets>
__device__ OpMath<T> max_of_row(const HeldRow<T, packets>& row) {
  using A = OpMath<T>;
  A max = -std::numeric_limits<A>::infinity();
  for_each_held<T, packets>([&](int p, int k, int) { max = row(p, k) > max ? row(p, k) : max; });
  return combine_row(max, [](A a, A b) { return b > a ? b : a; });
}

/// Rows that fit into registers.
template <class T, int packets>
__global__ void softmax_held(RowShape shape, SoftmaxOf what, const T* x, T* y) {
  using A = OpMath<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row(x, own, rounded<T>(-std::numeric_limits<A>::infinity()));
  const bool is_log = what == SoftmaxOf::logarithm;
  const A max = max_of_row(row);
  A sum = 0, value[packets][row_packet<T>];
  for_each_held<T, packets>([&](int p, int k, int) {
    const A shifted = row(p, k) - max, e = std::exp(shifted);
    sum += e;
    value[p][k] = is_log ? shifted : e;
  });
  sum = combine_row(sum, Plus());
  const A factor = is_log ? A(1) : A(1) / sum, offset = is_log ? std::log(sum) : A(0);
  store_held<T, packets>(y, own, [&](int p, int k, int) { return value[p][k] * factor - offset; });
}

template <class T, int packets>
__global__ void softmax_backward_held(RowShape shape, SoftmaxGradient gradient, const T* dy, const T* y, T* dx) {
  using A = OpMath<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row_dy(dy, own, T(0)), row_y(y, own, T(0));
  A sum = 0;
  for_each_held<T, packets>([&](int p, int k, int) { sum += gradient.term(row_dy(p, k), row_y(p, k)); });
  sum = combine_row(sum, Plus());
  store_held<T, packets>(dx, own, [&](int p, int k, int) { return gradient.result(row_dy(p, k), row_y(p, k), sum); });
}

/// Longer rows, a block for each: read twice.
struct LongRows {
  std::int64_t n;
  bool packed;

  /// Calls body(i) for the packets of this thread that begin at i, `together` at a time.
  template <int size, int together, class Body>
  __device__ void for_each_packet(Body body) const {
    const std::int64_t step = static_cast<std::int64_t>(blockDim.x) * size;
    for (std::int64_t i = threadIdx.x * size; i < n; i += together * step) body(i, step);
  }
};

inline constexpr int packets_together = 4;

/// Of the row x; calls see(element) for each of this thread's elements.
template <class T, class See>
__device__ MaxAndSum<OpMath<T>> max_and_sum_of_row(const LongRows& rows, const T* x, See see) {
  using A = OpMath<T>;
  constexpr int size = row_packet<T>;
  auto row = MaxAndSum<A>::of_none();
  rows.for_each_packet<size, packets_together>([&](std::int64_t first, std::int64_t step) {
    A values[packets_together * size];
#pragma unroll
    for (int u = 0; u < packets_together; ++u) {
      const auto packet =
          load_before<size>(x, first + u * step, rows.n, rows.packed, rounded<T>(-std::numeric_limits<A>::infinity()));
#pragma unroll
      for (int k = 0; k < size; ++k) values[u * size + k] = widened(packet.element[k]);
    }
    row.add(values);
#pragma unroll
    for (int u = 0; u < packets_together; ++u) {
#pragma unroll
      for (int k = 0; k < size; ++k) {
        if (first + u * step + k < rows.n) see(values[u * size + k]);
      }
    }
  });
  return combine_row(row, MaxAndSum<A>::of_both);
}

template <class T>
__global__ void softmax_long(LongRows rows, SoftmaxOf what, const T* x, T* y) {
  constexpr int size = row_packet<T>;
  x += blockIdx.x * rows.n;
  y += blockIdx.x * rows.n;
  const SoftmaxResult<OpMath<T>> result(what, max_and_sum_of_row(rows, x, [](OpMath<T>) {}));
  rows.for_each_packet<size, 1>([&](std::int64_t i, std::int64_t) {
    auto packet = load_before<size>(x, i, rows.n, rows.packed, T(0));
#pragma unroll
    for (int k = 0; k < size; ++k) packet.element[k] = rounded<T>(result(widened(packet.element[k])));
    store_before<size>(y, i, rows.n, rows.packed, packet);
  });
}

template <class T>
__global__ void softmax_backward_long(LongRows rows, SoftmaxGradient gradient, const T* dy, const T* y, T* dx) {
  using A = OpMath<T>;
  constexpr int size = row_packet<T>;
  const std::int64_t start = blockIdx.x * rows.n;
  const auto load = [&](const T* from, std::int64_t i) {
    return load_before<size>(from + start, i, rows.n, rows.packed, T(0));
  };
  A sum = 0;
  rows.for_each_packet<size, 2>([&](std::int64_t first, std::int64_t step) {
    const Packet<T, size> of_dy[] = {load(dy, first), load(dy, first + step)},
                          of_y[] = {load(y, first), load(y, first + step)};
#pragma unroll
    for (int u = 0; u < 2; ++u) {
#pragma unroll
      for (int k = 0; k < size; ++k) {
        sum += gradient.term(widened(of_dy[u].element[k]), widened(of_y[u].element[k]));
      }
    }
  });
  sum = combine_row(sum, Plus());
  rows.for_each_packet<size, 1>([&](std::int64_t i, std::int64_t) {
    const auto of_dy = load(dy, i), of_y = load(y, i);
    Packet<T, size> packet;
#pragma unroll
    for (int k = 0; k < size; ++k) {
      packet.element[k] = rounded<T>(gradient.result(widened(of_dy.element[k]), widened(of_y.element[k]), sum));
    }
    store_before<size>(dx + start, i, rows.n, rows.packed, packet);
  });
}

}  // namespace ebb::kernels
