#pragma once

#include "ebb/kernels/norm/batch_norm_mask.cuh"
#include "ebb/kernels/norm/channel_sums.cuh"

// What batch norm sums over the rows of each channel: the moments of x, and the gradients of scale and shift.

namespace ebb::kernels::channels {

/// a: the mean, b: the sum of squared deviations from it. Of each few rows by sums shifted by the first of them, which
/// is exact to about their number times the machine's precision, for the deviation of that row is in the result; then
/// as Chan, Golub and LeVeque (1979).
template <class T, int n, int rows_at_once = (sizeof(T) == 8 ? 4 : 8)>
struct Moments {
  using Number = OpMath<T>;
  static constexpr int at_once = rows_at_once;
  const T* x;
  std::int64_t channels;

  __device__ static Pair<Number, n> merged(const Pair<Number, n>& p, const Pair<Number, n>& q) {
    Pair<Number, n> both{p.count + q.count, p.a, p.b};
    if (q.count == Number(0)) return both;
    const Number share = q.count / both.count;
    for (int i = 0; i < n; ++i) {
      const Number delta = q.a.element[i] - p.a.element[i];
      both.a.element[i] += delta * share;
      both.b.element[i] += q.b.element[i] + delta * delta * (p.count * share);
    }
    return both;
  }

  __device__ void add(Pair<Number, n>& total, std::int64_t row, std::int64_t step, std::int64_t end,
                      std::int64_t channel) const {
    Packet<T, n> values[at_once];
    int count = 1;
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const std::int64_t at = row + u * step;
      values[u] = load_packet<T, n>(x + (at < end ? at : row) * channels + channel);
      if (u > 0) count += at < end ? 1 : 0;
    }
    Pair<Number, n> few{static_cast<Number>(count), {}, {}};
    const Number share = Number(1) / few.count;
    for (int i = 0; i < n; ++i) {
      const Number first = widened(values[0].element[i]);
      Number sum = 0, squares = 0;
#pragma unroll
      for (int u = 1; u < at_once; ++u) {  // a row that is not there deviates by 0
        const Number deviation = widened(values[u].element[i]) - first;
        sum += deviation;
        squares += deviation * deviation;
      }
      const Number mean = sum * share;
      few.a.element[i] = first + mean;
      few.b.element[i] = squares - sum * mean;
    }
    total = merged(total, few);
  }
};

/// a: the sum of dy, b: the sum of dy (x - mean), of what Mask leaves of dy. It stores what that is, where wanted.
template <class T, int n, class Mask, bool stores = false, int rows_at_once = 4>
struct GradientSums {
  using Number = OpMath<T>;
  static constexpr int at_once = rows_at_once;
  const T *dy, *x;
  const Number* mean;
  Mask mask;
  std::int64_t channels;
  T* kept = nullptr;

  __device__ static Pair<Number, n> merged(Pair<Number, n> p, const Pair<Number, n>& q) {
    for (int i = 0; i < n; ++i) {
      p.a.element[i] += q.a.element[i];
      p.b.element[i] += q.b.element[i];
    }
    return p;
  }

  __device__ void add(Pair<Number, n>& total, std::int64_t row, std::int64_t step, std::int64_t end,
                      std::int64_t channel) const {
    Packet<T, n> gradients[at_once], values[at_once];
    typename Mask::template Row<n> masks[at_once];
    const auto middle = load_packet<Number, n>(mean + channel);
    const auto rule = mask.template begin<n>(channel);
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const std::int64_t at = row + u * step, from = (at < end ? at : row) * channels + channel;
      gradients[u] = load_packet<T, n>(dy + from);
      values[u] = load_packet<T, n>(x + from);
      masks[u] = mask.template load<n>(from);
    }
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const bool is_there = row + u * step < end;
      Packet<T, n> left;
      for (int i = 0; i < n; ++i) {
        const Number dy_i = widened(gradients[u].element[i]), x_i = widened(values[u].element[i]);
        const Number deviation = is_there ? x_i - middle.element[i] : Number(0);
        const Number gradient = is_there ? rule.kept(dy_i, deviation, masks[u], i) : Number(0);
        left.element[i] = rounded<T>(gradient);
        total.a.element[i] += gradient;
        total.b.element[i] += gradient * deviation;
      }
      if (stores && is_there) store_global(kept + (row + u * step) * channels + channel, left);
    }
  }
};

}  // namespace ebb::kernels::channels
