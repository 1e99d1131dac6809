#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"

// How the threads that share a line hold its elements.

namespace ebb::kernels::scan {

inline constexpr int neighbours = 4;                              // elements of a packet
inline constexpr int together = 4;                                // packets that a thread loads before it adds them up
inline constexpr int piece = neighbours * together * block_size;  // elements that a block holds

/// How to walk along one dimension: backwards where the steps are negative.
struct Line {
  std::int64_t size, x_step, y_step;
};

/// How the elements of a line lie: side by side in aligned packets, so but in reverse, or anyhow.
enum class Lie { forward, backward, any };

template <class T>
using TotalOf = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

template <class T>
__device__ Packet<T, neighbours> turned(const Packet<T, neighbours>& packet) {
  Packet<T, neighbours> other;
#pragma unroll
  for (int i = 0; i < neighbours; ++i) other.element[i] = packet.element[neighbours - 1 - i];
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
__device__ Packet<T, neighbours> load_along(const T* from, int place, int left, std::int64_t step) {
  if (lie != Lie::any && place + neighbours <= left) {
    if constexpr (lie == Lie::backward) {
      return turned(load_packet<T, neighbours>(from - place - (neighbours - 1)));
    } else {
      return load_packet<T, neighbours>(from + place);
    }
  }
  from = element_at<lie>(from, place, step);
  Packet<T, neighbours> packet;
#pragma unroll
  for (int i = 0; i < neighbours; ++i) {
    packet.element[i] = place + i < left ? *element_at<lie>(from, i, step) : T(0);
  }
  return packet;
}

template <Lie lie, class R>
__device__ void store_along(R* to, int place, int left, std::int64_t step, const Packet<R, neighbours>& packet) {
  if (lie != Lie::any && place + neighbours <= left) {
    if constexpr (lie == Lie::backward) {
      return store_packet(to - place - (neighbours - 1), turned(packet));
    } else {
      return store_packet(to + place, packet);
    }
  }
  to = element_at<lie>(to, place, step);
#pragma unroll
  for (int i = 0; i < neighbours; ++i) {
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
  Packet<T, neighbours> packet[together];
  Total before[together];

  __device__ static int place(int j) {
    return (j * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x)) * neighbours;
  }

  /// Of the piece at x, which has `left` elements.
  __device__ Part(const T* x, int left, std::int64_t step) {
#pragma unroll
    for (int j = 0; j < together; ++j) packet[j] = load_along<lie>(x, place(j), left, step);
  }

  __device__ Total sum(int j) const {
    Total sum = 0;
#pragma unroll
    for (int i = 0; i < neighbours; ++i) sum += static_cast<Total>(packet[j].element[i]);
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
      Packet<R, neighbours> sums;
#pragma unroll
      for (int i = 0; i < neighbours; ++i) {
        sums.element[i] = static_cast<R>(total += static_cast<Total>(packet[j].element[i]));
      }
      store_along<lie>(y, place(j), left, step, sums);
    }
  }
};

}  // namespace ebb::kernels::scan
