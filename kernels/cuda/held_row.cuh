#pragma once

#include <type_traits>

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"

// Rows of contiguous elements that are read once: the threads which share a row keep it in their registers. They are a
// warp or a part of one, so that a block has blockDim.y rows, or a whole block. Packets of a row are dealt out in turn.

namespace ebb::kernels {

template <class T>
inline constexpr int row_packet = 16 / sizeof(T);

/// The most packets that a thread holds: 32 elements of those that are computed in float.
template <class T>
inline constexpr int most_held_packets = sizeof(T) < 4 ? 32 / row_packet<T> : 8;

/// The most elements of a row that are held in registers.
template <class T>
inline constexpr std::int64_t longest_held_row = most_held_packets<T>* block_size* row_packet<T>;

/// `rows` rows of n elements. packed: each may be read by packets.
struct RowShape {
  std::int64_t rows;
  int n;
  bool packed;
};

/// The row of a thread: where it begins, and its elements. A thread too many has a row of none, and takes part in what
/// all lanes of a warp must.
struct OwnRow {
  std::int64_t row, first = 0;
  int n = 0;
  bool packed, exists;

  __device__ explicit OwnRow(const RowShape& shape)
      : row(static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y),
        packed(shape.packed),
        exists(row < shape.rows) {
    if (!exists) return;
    first = row * shape.n;
    n = shape.n;
  }
};

/// n elements of `from`, those before `end`, and `fill` for the rest.
template <int n, class T, class Index>
__device__ Packet<T, n> load_before(const T* from, Index i, Index end, bool packed, T fill) {
  if (packed && i < end) return load_packet<T, n>(from + i);
  Packet<T, n> packet;
#pragma unroll
  for (int k = 0; k < n; ++k) packet.element[k] = i + k < end ? from[i + k] : fill;
  return packet;
}

template <int n, class T, class Index>
__device__ void store_before(T* to, Index i, Index end, bool packed, const Packet<T, n>& packet) {
  if (packed && i < end) return store_packet(to + i, packet);
#pragma unroll
  for (int k = 0; k < n; ++k) {
    if (i + k < end) to[i + k] = packet.element[k];
  }
}

/// This thread's part of a row.
template <class T, int packets>
struct HeldRow {
  static constexpr int n = row_packet<T>;
  Packet<T, n> packet[packets];

  __device__ static int place(int p) { return static_cast<int>(threadIdx.x + p * blockDim.x) * n; }

  __device__ HeldRow(const T* x, const OwnRow& own, T fill) {
#pragma unroll
    for (int p = 0; p < packets; ++p) packet[p] = load_before<n>(x + own.first, place(p), own.n, own.packed, fill);
  }

  __device__ OpMath<T> operator()(int p, int k) const { return widened(packet[p].element[k]); }
};

/// Calls body(packet, k, place) for each element of a thread's part, unrolled.
template <class T, int packets, class Body>
__device__ __forceinline__ void for_each_held(Body body) {
#pragma unroll
  for (int p = 0; p < packets; ++p) {
#pragma unroll
    for (int k = 0; k < row_packet<T>; ++k) body(p, k, HeldRow<T, packets>::place(p) + k);
  }
}

/// Stores packet_at(packet, place) for each packet of a thread's part.
template <class T, int packets, class PacketAt>
__device__ __forceinline__ void store_held_packets(T* y, const OwnRow& own, PacketAt packet_at) {
#pragma unroll
  for (int p = 0; p < packets; ++p) {
    const int place = HeldRow<T, packets>::place(p);
    store_before<row_packet<T>>(y + own.first, place, own.n, own.packed, packet_at(p, place));
  }
}

/// Stores value(packet, k, place) for each element of a thread's part.
template <class T, int packets, class Value>
__device__ __forceinline__ void store_held(T* y, const OwnRow& own, Value value) {
  store_held_packets<T, packets>(y, own, [&](int p, int place) {
    Packet<T, row_packet<T>> packet;
#pragma unroll
    for (int k = 0; k < row_packet<T>; ++k) packet.element[k] = rounded<T>(value(p, k, place + k));
    return packet;
  });
}

template <class Value>
struct OfWarps {
  Value value[block_size / warp_size];
};

/// Combines the values of the blockDim.x threads that share a row, in a fixed order; all of them get the result.
template <class Value, class Combine>
__device__ Value combine_row(Value value, Combine combine) {
  const int lanes = blockDim.x < warp_size ? static_cast<int>(blockDim.x) : warp_size;
  for (int delta = lanes / 2; delta > 0; delta /= 2) value = combine(value, shuffle_xor(value, delta));
  if (blockDim.x <= warp_size) return value;
  auto& shared = block_shared<OfWarps<Value>>();
  const unsigned warps = blockDim.x / warp_size, first = threadIdx.y * warps;
  __syncthreads();  // what was read of an earlier combination
  if (threadIdx.x % warp_size == 0) shared.value[first + threadIdx.x / warp_size] = value;
  __syncthreads();
  value = shared.value[first];
  for (unsigned warp = 1; warp < warps; ++warp) value = combine(value, shared.value[first + warp]);
  return value;
}

/// Whether rows of n elements, one after the other, may be read by packets.
template <class T, class... Rest>
bool are_packed(std::int64_t n, const T* first, const Rest*... rest) {
  return n % row_packet<T> == 0 && is_aligned<row_packet<T>>(first) && (is_aligned<row_packet<T>>(rest) && ...);
}

template <int packets>
struct HeldPackets {};

/// Calls launch_rows(HeldPackets<p>(), size) for the number of packets that a thread of a launch of this size holds.
template <class T, class LaunchRows>
void with_held_rows(const RowShape& shape, LaunchRows&& launch_rows) {
  const int packets = (shape.n + row_packet<T> - 1) / row_packet<T>;
  unsigned width = 1;
  while (static_cast<int>(width) < packets && width < warp_size) width *= 2;
  if (packets > most_held_packets<T> * warp_size) width = block_size;
  const unsigned height = block_size / width;
  const LaunchSize size{dim3(grid_size((shape.rows + height - 1) / height)), dim3(width, height)};
  const int each = (packets + static_cast<int>(width) - 1) / static_cast<int>(width);
  if (each <= 1) {
    launch_rows(HeldPackets<1>(), size);
  } else if (each <= 2) {
    launch_rows(HeldPackets<2>(), size);
  } else if (each <= 4) {
    launch_rows(HeldPackets<4>(), size);
  } else if constexpr (most_held_packets<T> > 4) {
    launch_rows(HeldPackets<8>(), size);
  }
}

}  // namespace ebb::kernels
