#pragma once

#include "ebb/core/tensor.h"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/row_norm/row_norm_held.cuh"

namespace ebb::kernels {

/// The gradients of weight and bias, of which each is a sum over rows / groups times inner elements: columns where
/// inner is 1, else pieces of `inner` neighbours.
template <class T>
struct AffineGradient {
  static constexpr int packet = row_packet<T>;
  using Number = OpMath<T>;
  using Value = TwoSums<Number>;
  struct Raw {
    Packet<T, packet> dy, x;
    Packet<Number, packet> mean, rstd;
  };
  struct Place {
    std::int64_t at, row;
  };

  AffineGradient(const RowNormInputs& in, std::int64_t inner_size, Tensor& to_weight, Tensor& to_bias)
      : dy(in.dy.data<T>()),
        x(in.x.data<T>()),
        mean(in.mean.data<Number>()),
        rstd(in.rstd.data<Number>()),
        count(to_weight.numel()),
        of_row(in.x.size(1) / inner_size),
        groups(count / of_row.divisor()),
        inner(inner_size),
        dweight(elements_of<T>(to_weight)),
        dbias(elements_of<T>(to_bias)),
        is_wide(to_weight.dtype() != dtype_of<T>),
        packed((inner_size == 1 ? of_row.divisor() : inner_size) % packet == 0 && is_aligned<packet>(dy) &&
               is_aligned<packet>(x)) {}

  // Pieces: value i of channel c is element i % inner of it in turn i / inner of all rows.
  __device__ std::int64_t line(std::int64_t channel) const { return channel; }
  __device__ Place along(std::int64_t channel, std::int64_t i) const {
    const std::int64_t rest = inner.split(i);
    return place(channel, i, rest);
  }
  __device__ Raw along_some(std::int64_t channel, std::int64_t i, std::int64_t end) const {
    Raw raw{};
#pragma unroll
    for (int k = 0; k < packet; ++k) {
      std::int64_t turn = i + k;
      const std::int64_t rest = inner.split(turn);
      if (i + k < end) set(raw, k, channel, turn, rest);
    }
    return raw;
  }

  // Columns: value i of channel c is in turn i.
  __device__ std::int64_t lines(std::int64_t channel, int) const { return channel; }
  __device__ Place across(std::int64_t channel, std::int64_t turn) const { return place(channel, turn, 0); }
  __device__ Raw across_some(std::int64_t channel, int some, std::int64_t turn) const {
    Raw raw{};
#pragma unroll
    for (int k = 0; k < packet; ++k) {
      if (k < some) set(raw, k, channel + k, turn, 0);
    }
    return raw;
  }

  __device__ Raw read(const Place& from) const {
    Raw raw{load_packet<T, packet>(dy + from.at), load_packet<T, packet>(x + from.at), {}, {}};
    const Number of_mean = mean[from.row], of_rstd = rstd[from.row];
#pragma unroll
    for (int k = 0; k < packet; ++k) {
      raw.mean.element[k] = of_mean;
      raw.rstd.element[k] = of_rstd;
    }
    return raw;
  }

  __device__ Value identity() const { return {0, 0}; }
  __device__ Value value(const Raw& raw, int k, std::int64_t) const {
    const Number g = widened(raw.dy.element[k]), x_k = widened(raw.x.element[k]);
    return {g, g * ((x_k - raw.mean.element[k]) * raw.rstd.element[k])};
  }
  __device__ Value combine(const Value& a, const Value& b) const { return Value::of_both(a, b); }
  __device__ void store(std::int64_t channel, const Value& value) const {
    if (is_half<T> && is_wide) {
      store_as<Number>(channel, value);
    } else {
      store_as<T>(channel, value);
    }
  }

  const T *dy, *x;
  const Number *mean, *rstd;
  std::int64_t count;   // of weights
  Divider of_row;       // those of a row
  std::int64_t groups;  // rows that take turns
  Divider inner;
  void *dweight, *dbias;
  bool is_wide;  // of half precision: weight and bias are float32
  bool packed;

 private:
  __device__ Place place(std::int64_t channel, std::int64_t turn, std::int64_t rest) const {
    return {(turn * count + channel) * inner.divisor() + rest, turn * groups + of_row.quotient(channel)};
  }
  template <class Weight>
  __device__ void store_as(std::int64_t channel, const Value& value) const {
    static_cast<Weight*>(dweight)[channel] = rounded<Weight>(value.along);
    static_cast<Weight*>(dbias)[channel] = rounded<Weight>(value.plain);
  }
  /// One by one they may be of several rows.
  __device__ void set(Raw& raw, int k, std::int64_t channel, std::int64_t turn, std::int64_t rest) const {
    const auto [at, row] = place(channel, turn, rest);
    raw.dy.element[k] = dy[at];
    raw.x.element[k] = x[at];
    raw.mean.element[k] = mean[row];
    raw.rstd.element[k] = rstd[row];
  }
};

}  // namespace ebb::kernels
