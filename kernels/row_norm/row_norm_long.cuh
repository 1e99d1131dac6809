#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/norm/moments.cuh"
#include "ebb/kernels/row_norm/row_norm_held.cuh"

// Rows that are longer than registers: what is to be known of each is reduced first, by as many blocks as its length
// asks for.

namespace ebb::kernels {

template <class T>
struct RowMoments {
  using Value = Moments<T>;
  const T* x;
  std::int64_t n;
  double eps;
  RowStatisticsOf<T> statistics;

  __device__ Value identity() const { return {0, 0, 0}; }
  __device__ Value load(std::int64_t i, std::int64_t row) const { return {1, x[row * n + i], 0}; }
  __device__ Value combine(const Value& a, const Value& b) const { return merged(a, b); }
  __device__ void store(std::int64_t row, const Value& value) const {
    statistics.mean[row] = value.mean;
    statistics.rstd[row] = T(1) / std::sqrt(value.m2 / static_cast<T>(n) + static_cast<T>(eps));
  }
};

template <class T>
struct RowGradientMeans {
  using Value = TwoSums<T>;
  const T *dy, *x;
  std::int64_t n;
  AffineOf<T> affine;
  RowStatisticsOf<const T> statistics;
  Value* means;

  __device__ Value identity() const { return {0, 0}; }
  __device__ Value load(std::int64_t i, std::int64_t row) const {
    const std::int64_t at = row * n + i;
    const T g = dy[at] * affine.weight_of(row, i);
    return {g, g * ((x[at] - statistics.mean[row]) * statistics.rstd[row])};
  }
  __device__ Value combine(const Value& a, const Value& b) const { return Value::of_both(a, b); }
  __device__ void store(std::int64_t row, const Value& value) const {
    means[row] = {value.plain / static_cast<T>(n), value.along / static_cast<T>(n)};
  }
};

/// A packet a thread; `packets` of them make a row.
template <class T>
struct PacketOfRow {
  static constexpr int size = row_packet<T>;

  __device__ PacketOfRow(const RowShape& shape, const Divider& packets) : n(shape.n), packed(shape.packed) {
    row = thread_index();
    place = static_cast<int>(packets.split(row)) * size;
    exists = row < shape.rows;
  }

  __device__ Packet<T, size> load(const T* from) const {
    return load_before<size>(from + row * n, place, n, packed, T(0));
  }
  __device__ void store(T* to, const Packet<T, size>& packet) const {
    store_before<size>(to + row * n, place, n, packed, packet);
  }

  std::int64_t row;
  int place, n;
  bool packed, exists;
};

template <class T>
__global__ void normalize_packets(RowShape shape, Divider packets, const T* x, AffineOf<T> affine,
                                  RowStatisticsOf<T> statistics, T* y) {
  const PacketOfRow<T> own(shape, packets);
  if (!own.exists) return;
  const std::int64_t start = affine.start(own.row);
  const T mean = statistics.mean[own.row], rstd = statistics.rstd[own.row];
  const auto weight = affine.load(affine.weight, start, own.place, own.n, T(1)),
             bias = affine.load(affine.bias, start, own.place, own.n, T(0));
  auto packet = own.load(x);
#pragma unroll
  for (int k = 0; k < own.size; ++k) {
    packet.element[k] = (packet.element[k] - mean) * rstd * weight.element[k] + bias.element[k];
  }
  own.store(y, packet);
}

template <class T>
__global__ void normalize_backward_packets(RowShape shape, Divider packets, const T* dy, const T* x, AffineOf<T> affine,
                                           RowStatisticsOf<const T> statistics, const TwoSums<T>* means, T* dx) {
  const PacketOfRow<T> own(shape, packets);
  if (!own.exists) return;
  const T mean = statistics.mean[own.row], rstd = statistics.rstd[own.row];
  const auto [plain, along] = means[own.row];
  const auto weight = affine.load(affine.weight, affine.start(own.row), own.place, own.n, T(1));
  const auto of_dy = own.load(dy), of_x = own.load(x);
  Packet<T, row_packet<T>> packet;
#pragma unroll
  for (int k = 0; k < own.size; ++k) {
    const T z = (of_x.element[k] - mean) * rstd;
    packet.element[k] = rstd * (of_dy.element[k] * weight.element[k] - plain - z * along);
  }
  own.store(dx, packet);
}

/// Rows and how many packets make one.
template <class T, class... Rest>
std::pair<RowShape, Divider> long_rows(std::int64_t rows, std::int64_t n, const T* first, const Rest*... rest) {
  check(n <= INT32_MAX - row_packet<T>, "normalises no more than 2^31 elements together, got ", n);
  return {RowShape{rows, static_cast<int>(n), are_packed(n, first, rest...)},
          Divider((n + row_packet<T> - 1) / row_packet<T>)};
}

template <class T>
void normalize_long(CudaContext& context, std::int64_t rows, std::int64_t n, double eps, const T* x,
                    const AffineOf<T>& affine, const RowStatisticsOf<T>& statistics, T* y) {
  const auto [shape, packets] = long_rows(rows, n, x, y);
  reduce(context, RowMoments<T>{x, n, eps, statistics}, n, rows, ReduceOrder::count_is_inner);
  launch(context, normalize_packets<T>, threads_for(rows * packets.divisor()), shape, packets, x, affine, statistics,
         y);
}

template <class T>
void normalize_backward_long(CudaContext& context, std::int64_t rows, std::int64_t n, const T* dy, const T* x,
                             const AffineOf<T>& affine, const RowStatisticsOf<const T>& statistics, T* dx) {
  const auto [shape, packets] = long_rows(rows, n, dy, x, dx);
  Tensor scratch = allocate({rows * static_cast<std::int64_t>(sizeof(TwoSums<T>))}, kUInt8, context.device());
  auto* means = reinterpret_cast<TwoSums<T>*>(scratch.raw_data());
  reduce(context, RowGradientMeans<T>{dy, x, n, affine, statistics, means}, n, rows, ReduceOrder::count_is_inner);
  launch(context, normalize_backward_packets<T>, threads_for(rows * packets.divisor()), shape, packets, dy, x, affine,
         statistics, means, dx);
}

}  // namespace ebb::kernels
