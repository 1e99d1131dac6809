#pragma once

#include <cmath>

#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/held_row.cuh"
#include "ebb/kernels/row_norm/row_norm.h"

// Rows that fit into registers, normalised.

namespace ebb::kernels {

template <class T>
struct RowStatisticsOf {
  T *mean, *rstd;
};

template <class T>
struct TwoSums {
  T plain, along;

  __device__ static TwoSums of_both(const TwoSums& a, const TwoSums& b) {
    return {a.plain + b.plain, a.along + b.along};
  }
};

/// The elements of a weight or a bias, which are T or what T is computed in; none of an undefined one.
template <class T, class AnyTensor>
auto elements_of(AnyTensor& t) {
  using Pointer = std::conditional_t<std::is_const_v<AnyTensor>, const void*, void*>;
  if (!t.defined()) return Pointer(nullptr);
  return t.dtype() == dtype_of<T> ? Pointer(t.template data<T>()) : Pointer(t.template data<OpMath<T>>());
}

/// Weight and bias of a row's elements, which for rows of half precision may be float32; see RowAffine.
template <class T>
struct AffineOf {
  static constexpr int n = row_packet<T>;
  using Number = OpMath<T>;

  AffineOf(const RowAffine& affine, std::int64_t row_size)
      : weight(elements_of<T>(affine.weight)),
        bias(elements_of<T>(affine.bias)),
        of_row(row_size / affine.inner),
        inner(affine.inner) {
    const Tensor& either = affine.weight.defined() ? affine.weight : affine.bias;
    is_wide = either.defined() && either.dtype() != dtype_of<T>;
    groups = Divider(either.defined() ? either.numel() / of_row : 1);
    const auto fits = [&](const void* t) { return reinterpret_cast<std::uintptr_t>(t) % 16 == 0; };
    packed = affine.inner == 1 && of_row % n == 0 && fits(weight) && fits(bias);
    repeats = affine.inner % n == 0;
  }

  /// Where a row's begin.
  __device__ std::int64_t start(std::int64_t row) const {
    return (row - groups.quotient(row) * groups.divisor()) * of_row;
  }

  /// Those of the packet at `place` of a row that ends at `end`; `none` where there are none.
  __device__ Packet<Number, n> load(const void* of, std::int64_t start, int place, int end, Number none) const {
    if (is_half<T> && is_wide) return load_as(static_cast<const Number*>(of), start, place, end, none);
    return widened(load_as(static_cast<const T*>(of), start, place, end, static_cast<T>(none)));
  }

  const void *weight, *bias;
  std::int64_t of_row;
  Divider inner, groups;
  bool is_wide, packed, repeats;

 private:
  template <class Weight>
  __device__ Packet<Weight, n> load_as(const Weight* of, std::int64_t start, int place, int end, Weight none) const {
    if (of != nullptr && packed && place < end) return load_packet<Weight, n>(of + start + place);
    Packet<Weight, n> packet;
#pragma unroll
    for (int k = 0; k < n; ++k) packet.element[k] = none;
    if (of == nullptr || place >= end) return packet;
    if (repeats) {
      const Weight element = of[start + inner.quotient_small(static_cast<std::uint32_t>(place))];
#pragma unroll
      for (int k = 0; k < n; ++k) packet.element[k] = element;
    } else {
#pragma unroll
      for (int k = 0; k < n; ++k) {
        if (place + k < end)
          packet.element[k] = of[start + inner.quotient_small(static_cast<std::uint32_t>(place + k))];
      }
    }
    return packet;
  }
};

template <class T, int packets>
__global__ void normalize_held(RowShape shape, double eps, const T* x, AffineOf<T> affine,
                               RowStatisticsOf<OpMath<T>> statistics, T* y) {
  using A = OpMath<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row(x, own, T(0));
  const auto plus = [](A a, A b) { return a + b; };
  const A n = static_cast<A>(shape.n);
  A sum = 0, squares = 0;
  for_each_held<T, packets>([&](int p, int k, int) { sum += row(p, k); });
  const A mean = combine_row(sum, plus) / n;
  for_each_held<T, packets>([&](int p, int k, int place) {
    const A deviation = place < own.n ? row(p, k) - mean : A(0);
    squares += deviation * deviation;
  });
  const A rstd = A(1) / std::sqrt(combine_row(squares, plus) / n + static_cast<A>(eps));
  if (own.exists && threadIdx.x == 0) {
    statistics.mean[own.row] = mean;
    statistics.rstd[own.row] = rstd;
  }
  const std::int64_t start = affine.start(own.row);
  store_held_packets<T, packets>(y, own, [&](int p, int place) {
    const auto weight = affine.load(affine.weight, start, place, own.n, A(1)),
               bias = affine.load(affine.bias, start, place, own.n, A(0));
    Packet<T, row_packet<T>> packet;
#pragma unroll
    for (int k = 0; k < row_packet<T>; ++k) {
      packet.element[k] = rounded<T>((row(p, k) - mean) * rstd * weight.element[k] + bias.element[k]);
    }
    return packet;
  });
}

template <class T, int packets>
__global__ void normalize_backward_held(RowShape shape, const T* dy, const T* x, AffineOf<T> affine,
                                        RowStatisticsOf<const OpMath<T>> statistics, T* dx) {
  using A = OpMath<T>;
  const OwnRow own(shape);
  const HeldRow<T, packets> row_dy(dy, own, T(0)), row_x(x, own, T(0));
  const A mean = own.exists ? statistics.mean[own.row] : A(0);
  const A rstd = own.exists ? statistics.rstd[own.row] : A(0);
  const std::int64_t start = affine.start(own.row);
  A g[packets][row_packet<T>];
  TwoSums<A> sums{0, 0};
#pragma unroll
  for (int p = 0; p < packets; ++p) {
    const auto weight = affine.load(affine.weight, start, HeldRow<T, packets>::place(p), own.n, A(1));
#pragma unroll
    for (int k = 0; k < row_packet<T>; ++k) {
      g[p][k] = row_dy(p, k) * weight.element[k];
      sums.plain += g[p][k];
      sums.along += g[p][k] * ((row_x(p, k) - mean) * rstd);
    }
  }
  sums = combine_row(sums, TwoSums<A>::of_both);
  const A n = static_cast<A>(shape.n), plain = sums.plain / n, along = sums.along / n;
  store_held<T, packets>(
      dx, own, [&](int p, int k, int) { return rstd * (g[p][k] - plain - (row_x(p, k) - mean) * rstd * along); });
}

}  // namespace ebb::kernels
