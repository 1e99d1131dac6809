#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"

// How the threads that share a line hold its elements.

namespace ebb::kernels::scan {

/// How to walk along one dimension: backwards where the steps are negative.
struct Line {
  std::int64_t size, x_step, y_step;
};

/// How the elements of a line lie: side by side in aligned packets, so but in reverse, or anyhow.
enum class Lie { forward, backward, any };

template <Lie lie, class T>
inline constexpr int neighbours = is_half<T>&& lie != Lie::any ? 8 : 4;  // elements of a packet
inline constexpr int together = 4;  // packets that a thread loads before it adds them up
template <Lie lie, class T>
inline constexpr int piece = neighbours<lie, T>* together* block_size;  // elements that a block holds

template <class T>
using TotalOf = std::conditional_t<std::is_floating_point_v<OpMath<T>>, double, std::int64_t>;

/// The sum with an element, and what of a sum is stored.
template <class T>
__device__ TotalOf<T> plus(TotalOf<T> total, T x) {
  return total + static_cast<TotalOf<T>>(widened(x));
}
template <class R, class Total>
__device__ R stored(Total total) {
  return rounded<R>(static_cast<OpMath<R>>(total));
}

template <class T, int n>
__device__ Packet<T, n> turned(const Packet<T, n>& packet) {
  Packet<T, n> other;
#pragma unroll
  for (int i = 0; i < n; ++i) other.element[i] = packet.element[n - 1 - i];
  return other;
}

/// Where element `place` after `from` is, in the order of the walk.
template <Lie lie, class T>
__device__ T* element_at(T* from, int place, std::int64_t step) {
  if constexpr (lie == Lie::any) {
    return from + place * step;
  } else {
    return lie == Lie::forward ? from + place : from - place;
  }
}

/// Elements place .. after `from`, of which `left` are there; 0 for the others.
template <Lie lie, class T>
__device__ Packet<T, neighbours<lie, T>> load_along(const T* from, int place, int left, std::int64_t step) {
  constexpr int n = neighbours<lie, T>;
  if (lie != Lie::any && place + n <= left) {
    if constexpr (lie == Lie::backward) {
      return turned(load_packet<T, n>(from - place - (n - 1)));
    } else {
      return load_packet<T, n>(from + place);
    }
  }
  from = element_at<lie>(from, place, step);
  Packet<T, n> packet;
#pragma unroll
  for (int i = 0; i < n; ++i) {
    packet.element[i] = place + i < left ? *element_at<lie>(from, i, step) : T(0);
  }
  return packet;
}

template <Lie lie, class R, int n>
__device__ void store_along(R* to, int place, int left, std::int64_t step, const Packet<R, n>& packet) {
  if (lie != Lie::any && place + n <= left) {
    if constexpr (lie == Lie::backward) {
      return store_packet(to - place - (n - 1), turned(packet));
    } else {
      return store_packet(to + place, packet);
    }
  }
  to = element_at<lie>(to, place, step);
#pragma unroll
  for (int i = 0; i < n; ++i) {
    if (place + i < left) *element_at<lie>(to, i, step) = packet.element[i];
  }
}

/// The sum of the values of the lanes before, and of all in the warp.
template <class Total>
struct WarpSums {
  Total before, all;

  __device__ explicit WarpSums(Total value) {
    const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
    for (int delta = 1; delta < warp_size; delta *= 2) {
      const Total other = shuffle_up(value, delta);
      if (lane >= delta) value += other;
    }
    const Total previous = shuffle_up(value, 1);
    before = lane > 0 ? previous : Total(0);
    all = shuffle_from(value, warp_size - 1);
  }
};

/// What a thread holds of a piece of a line, which its warp or block shares: some packets, and the sum of what comes
/// before each.
template <Lie lie, class T>
struct Part {
  using Total = TotalOf<T>;
  static constexpr int n = neighbours<lie, T>;
  Packet<T, n> packet[together];
  Total before[together];

  __device__ static int place(int j) { return (j * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x)) * n; }

  /// Of the piece at x, which has `left` elements.
  __device__ Part(const T* x, int left, std::int64_t step) {
#pragma unroll
    for (int j = 0; j < together; ++j) packet[j] = load_along<lie>(x, place(j), left, step);
  }

  __device__ Total sum(int j) const {
    Total sum = 0;
#pragma unroll
    for (int i = 0; i < n; ++i) sum = plus(sum, packet[j].element[i]);
    return sum;
  }

  /// Sets before[j] to the sum of packet j of the threads before in the warp; returns that of the warp.
  __device__ Total scan_in_warp(int j) {
    const WarpSums<Total> sums(sum(j));
    before[j] = sums.before;
    return sums.all;
  }

  template <class R>
  __device__ void store(R* y, int left, std::int64_t step) const {
#pragma unroll
    for (int j = 0; j < together; ++j) {
      Total total = before[j];
      Packet<R, n> sums;
#pragma unroll
      for (int i = 0; i < n; ++i) {
        total = plus(total, packet[j].element[i]);
        sums.element[i] = stored<R>(total);
      }
      store_along<lie>(y, place(j), left, step, sums);
    }
  }
};

}  // namespace ebb::kernels::scan
