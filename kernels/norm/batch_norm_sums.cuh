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
  static constexpr int at_once = rows_at_once;
  const T* x;
  std::int64_t channels;

  __device__ static Pair<T, n> merged(const Pair<T, n>& p, const Pair<T, n>& q) {
    Pair<T, n> both{p.count + q.count, p.a, p.b};
    if (q.count == T(0)) return both;
    const T share = q.count / both.count;
    for (int i = 0; i < n; ++i) {
      const T delta = q.a.element[i] - p.a.element[i];
      both.a.element[i] += delta * share;
      both.b.element[i] += q.b.element[i] + delta * delta * (p.count * share);
    }
    return both;
  }

  __device__ void add(Pair<T, n>& total, std::int64_t row, std::int64_t step, std::int64_t end,
                      std::int64_t channel) const {
    Packet<T, n> values[at_once];
    int count = 1;
#pragma unroll
    for (int u = 0; u < at_once; ++u) {
      const std::int64_t at = row + u * step;
      values[u] = load_packet<T, n>(x + (at < end ? at : row) * channels + channel);
      if (u > 0) count += at < end ? 1 : 0;
    }
    Pair<T, n> few{static_cast<T>(count), {}, {}};
    const T share = T(1) / few.count;
    for (int i = 0; i < n; ++i) {
      T sum = 0, squares = 0;
#pragma unroll
      for (int u = 1; u < at_once; ++u) {  // a row that is not there deviates by 0
        const T deviation = values[u].element[i] - values[0].element[i];
        sum += deviation;
        squares += deviation * deviation;
      }
      const T mean = sum * share;
      few.a.element[i] = values[0].element[i] + mean;
      few.b.element[i] = squares - sum * mean;
    }
    total = merged(total, few);
  }
};

/// a: the sum of dy, b: the sum of dy (x - mean), of what Mask leaves of dy. It stores what that is, where wanted.
template <class T, int n, class Mask, bool stores = false, int rows_at_once = 4>
struct GradientSums {
  static constexpr int at_once = rows_at_once;
  const T *dy, *x, *mean;
  Mask mask;
  std::int64_t channels;
  T* kept = nullptr;

  __device__ static Pair<T, n> merged(Pair<T, n> p, const Pair<T, n>& q) {
    for (int i = 0; i < n; ++i) {
      p.a.element[i] += q.a.element[i];
      p.b.element[i] += q.b.element[i];
    }
    return p;
  }

  __device__ void add(Pair<T, n>& total, std::int64_t row, std::int64_t step, std::int64_t end,
                      std::int64_t channel) const {
    Packet<T, n> gradients[at_once], values[at_once];
    typename Mask::template Row<n> masks[at_once];
    const auto middle = load_packet<T, n>(mean + channel);
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
        const T deviation = is_there ? values[u].element[i] - middle.element[i] : T(0);
        const T gradient = is_there ? rule.kept(gradients[u].element[i], deviation, masks[u], i) : T(0);
        left.element[i] = gradient;
        total.a.element[i] += gradient;
        total.b.element[i] += gradient * deviation;
      }
      if (stores && is_there) store_global(kept + (row + u * step) * channels + channel, left);
    }
  }
};

}  // namespace ebb::kernels::channels
