#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/norm/moments.cuh"
#include "ebb/kernels/row_norm/row_norm_held.cuh"

// Rows that are longer than registers: what is to be known of each is reduced first, by as many blocks as its length
// asks for.

namespace ebb::kernels {

/// What makes a reduction read the packets of rows.
template <class T>
struct RowPackets {
  static constexpr int packet = row_packet<T>;
  struct Place {
    std::int64_t row;
    int i;
  };
  int n;
  bool packed;

  __device__ std::int64_t at(const Place& place) const { return place.row * n + place.i; }
  __device__ std::int64_t line(std::int64_t row) const { return row; }
  __device__ Place along(std::int64_t row, std::int64_t i) const { return {row, static_cast<int>(i)}; }
};

template <class T>
struct RowMoments : RowPackets<T> {
  using Number = OpMath<T>;
  using Value = Moments<Number>;
  using Raw = Packet<T, row_packet<T>>;
  using Place = typename RowPackets<T>::Place;
  const T* x;
  double eps;
  RowStatisticsOf<Number> statistics;

  __device__ Raw read(const Place& from) const { return load_packet<T, row_packet<T>>(x + this->at(from)); }
  __device__ Raw along_some(std::int64_t row, std::int64_t i, std::int64_t) const {
    return load_before<row_packet<T>>(x + row * this->n, i, std::int64_t{this->n}, false, T(0));
  }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const { return {1, widened(raw.element[k]), 0}; }
  /// By sums shifted by the first element, as channels::Moments has them: one division.
  __device__ Value of_packet(const Raw& raw) const {
    constexpr Number count = row_packet<T>;
    const Number first = widened(raw.element[0]);
    Number sum = 0, squares = 0;
#pragma unroll
    for (int k = 1; k < row_packet<T>; ++k) {
      const Number deviation = widened(raw.element[k]) - first;
      sum += deviation;
      squares += deviation * deviation;
    }
    const Number mean = sum / count;
    return {count, first + mean, squares - sum * mean};
  }
  __device__ Value identity() const { return {0, 0, 0}; }
  __device__ Value combine(const Value& a, const Value& b) const { return merged(a, b); }
  __device__ void store(std::int64_t row, const Value& value) const {
    statistics.mean[row] = value.mean;
    statistics.rstd[row] = Number(1) / std::sqrt(value.m2 / static_cast<Number>(this->n) + static_cast<Number>(eps));
  }
};

template <class T>
struct RowGradientMeans : RowPackets<T> {
  using Number = OpMath<T>;
  using Value = TwoSums<Number>;
  using Place = typename RowPackets<T>::Place;
  struct Raw {
    Packet<T, row_packet<T>> dy, x;
    Packet<Number, row_packet<T>> weight;
    Number mean, rstd;
  };
  const T *dy, *x;
  AffineOf<T> affine;
  RowStatisticsOf<const Number> statistics;
  Value* means;

  __device__ Raw read(const Place& from) const {
    const auto some = load_packet<T, row_packet<T>>(dy + this->at(from)),
               others = load_packet<T, row_packet<T>>(x + this->at(from));
    return of_row(from, some, others);
  }
  __device__ Raw along_some(std::int64_t row, std::int64_t i, std::int64_t) const {
    const auto some = [&](const T* of) {
      return load_before<row_packet<T>>(of + row * this->n, i, std::int64_t{this->n}, false, T(0));
    };
    return of_row({row, static_cast<int>(i)}, some(dy), some(x));
  }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const {
    const Number g = widened(raw.dy.element[k]) * raw.weight.element[k];
    return {g, g * ((widened(raw.x.element[k]) - raw.mean) * raw.rstd)};
  }
  __device__ Value identity() const { return {0, 0}; }
  __device__ Value combine(const Value& a, const Value& b) const { return Value::of_both(a, b); }
  __device__ void store(std::int64_t row, const Value& value) const {
    const auto count = static_cast<Number>(this->n);
    means[row] = {value.plain / count, value.along / count};
  }

 private:
  __device__ Raw of_row(const Place& from, const Packet<T, row_packet<T>>& of_dy,
                        const Packet<T, row_packet<T>>& of_x) const {
    const auto weight = affine.load(affine.weight, affine.start(from.row), from.i, this->n, Number(1));
    return {of_dy, of_x, weight, statistics.mean[from.row], statistics.rstd[from.row]};
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
                                  RowStatisticsOf<OpMath<T>> statistics, T* y) {
  using A = OpMath<T>;
  const PacketOfRow<T> own(shape, packets);
  if (!own.exists) return;
  const std::int64_t start = affine.start(own.row);
  const A mean = statistics.mean[own.row], rstd = statistics.rstd[own.row];
  const auto weight = affine.load(affine.weight, start, own.place, own.n, A(1)),
             bias = affine.load(affine.bias, start, own.place, own.n, A(0));
  auto packet = own.load(x);
#pragma unroll
  for (int k = 0; k < own.size; ++k) {
    const A x_k = widened(packet.element[k]);
    packet.element[k] = rounded<T>((x_k - mean) * rstd * weight.element[k] + bias.element[k]);
  }
  own.store(y, packet);
}

template <class T>
__global__ void normalize_backward_packets(RowShape shape, Divider packets, const T* dy, const T* x, AffineOf<T> affine,
                                           RowStatisticsOf<const OpMath<T>> statistics, const TwoSums<OpMath<T>>* means,
                                           T* dx) {
  using A = OpMath<T>;
  const PacketOfRow<T> own(shape, packets);
  if (!own.exists) return;
  const A mean = statistics.mean[own.row], rstd = statistics.rstd[own.row];
  const auto [plain, along] = means[own.row];
  const auto weight = affine.load(affine.weight, affine.start(own.row), own.place, own.n, A(1));
  const auto of_dy = own.load(dy), of_x = own.load(x);
  Packet<T, row_packet<T>> packet;
#pragma unroll
  for (int k = 0; k < own.size; ++k) {
    const A z = (widened(of_x.element[k]) - mean) * rstd, g = widened(of_dy.element[k]) * weight.element[k];
    packet.element[k] = rounded<T>(rstd * (g - plain - z * along));
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
                    const AffineOf<T>& affine, const RowStatisticsOf<OpMath<T>>& statistics, T* y) {
  const auto [shape, packets] = long_rows(rows, n, x, y);
  reduce(context, RowMoments<T>{{shape.n, shape.packed}, x, eps, statistics}, n, rows, ReduceOrder::count_is_inner);
  launch(context, normalize_packets<T>, threads_for(rows * packets.divisor()), shape, packets, x, affine, statistics,
         y);
}

template <class T>
void normalize_backward_long(CudaContext& context, std::int64_t rows, std::int64_t n, const T* dy, const T* x,
                             const AffineOf<T>& affine, const RowStatisticsOf<const OpMath<T>>& statistics, T* dx) {
  const auto [shape, packets] = long_rows(rows, n, dy, x, dx);
  using Means = TwoSums<OpMath<T>>;
  Tensor scratch = allocate({rows * static_cast<std::int64_t>(sizeof(Means))}, kUInt8, context.device());
  auto* means = reinterpret_cast<Means*>(scratch.raw_data());
  const RowGradientMeans<T> reduction{{shape.n, shape.packed}, dy, x, affine, statistics, means};
  reduce(context, reduction, n, rows, ReduceOrder::count_is_inner);
  launch(context, normalize_backward_packets<T>, threads_for(rows * packets.divisor()), shape, packets, dy, x, affine,
         statistics, means, dx);
}

}  // namespace ebb::kernels
