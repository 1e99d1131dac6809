#pragma once

#include <algorithm>
#include <utility>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/packet_rows.h"
#include "ebb/kernels/cuda/walk.h"

// y = op(inputs...) element by element: the kernels of every elementwise op.

namespace ebb::kernels {

/// All operands dense and aligned: n neighbours a thread.
template <int n, class Op, class R, class... Inputs>
__global__ void map_dense(Op op, std::int64_t count, R* y, const Inputs*... inputs) {
  const std::int64_t first = thread_index() * n;
  if (first + n <= count) {
    Packet<R, n> results;
    const auto apply = [&](const Packet<Inputs, n>&... packets) {
      for (int i = 0; i < n; ++i) results.element[i] = op(packets.element[i]...);
    };
    apply(load_packet<Inputs, n>(inputs + first)...);
    store_packet(y + first, results);
  } else {
    for (std::int64_t i = first; i < count; ++i) y[i] = op(inputs[i]...);
  }
}

/// A packet of neighbours, or one element n times.
template <int n, class T>
__device__ Packet<T, n> load_or_repeat(const T* from, bool are_neighbours) {
  if (are_neighbours) return load_packet<T, n>(from);
  Packet<T, n> packet;
  const T element = *from;
  for (int i = 0; i < n; ++i) packet.element[i] = element;
  return packet;
}

/// The innermost dimension is one of packets, of neighbours in y and, where `packed` has its bit, in an input; the
/// other inputs are constant along it. A packet a thread.
template <int n, class Op, class R, class... Inputs>
__global__ void map_packets(Op op, Walk<sizeof...(Inputs) + 1> walk, unsigned packed, std::uint32_t count, R* y,
                            const Inputs*... inputs) {
  const auto thread = static_cast<std::uint32_t>(thread_index());
  if (thread >= count) return;
  const auto offsets = walk.small(thread);
  Packet<R, n> results;
  const auto apply = [&](const Packet<Inputs, n>&... packets) {
    for (int i = 0; i < n; ++i) results.element[i] = op(packets.element[i]...);
  };
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    apply(load_or_repeat<n>(inputs + offsets.of[k], (packed >> k & 1) != 0)...);
  }
  (std::index_sequence_for<Inputs...>());
  store_packet(y + offsets.of[sizeof...(Inputs)], results);
}

/// Any strides: n elements a thread. Where some operands are `dense`, by a bit of each, they are neighbours, so that
/// those operands go in packets; else neighbouring threads take neighbours.
template <int n, class Op, class R, class... Inputs>
__global__ void map_strided(Op op, Walk<sizeof...(Inputs) + 1> walk, unsigned dense, std::uint32_t count, R* y,
                            const Inputs*... inputs) {
  constexpr int operands = sizeof...(Inputs) + 1;
  const std::uint32_t step = dense != 0 ? 1 : block_size;
  const std::uint32_t first = blockIdx.x * block_size * n + threadIdx.x * (dense != 0 ? n : 1);
  if (first >= count) return;
  const bool is_whole = count - first > (n - 1) * step;
  typename Walk<operands>::Offsets at[n];
#pragma unroll
  for (int i = 0; i < n; ++i) {
    const std::uint32_t mine = first + i * step;
    at[i] = walk.small(mine < count ? mine : first);  // never another thread's: y may be an input
  }
  const auto load = [&]<class T>(const T* from, int k) {
    if ((dense >> k & 1) != 0 && is_whole) return load_packet<T, n>(from + first);
    Packet<T, n> packet;
#pragma unroll
    for (int i = 0; i < n; ++i) packet.element[i] = from[at[i].of[k]];
    return packet;
  };
  Packet<R, n> results;
  const auto apply = [&](const Packet<Inputs, n>&... packets) {
    for (int i = 0; i < n; ++i) results.element[i] = op(packets.element[i]...);
  };
  [&]<std::size_t... k>(std::index_sequence<k...>) { apply(load(inputs, static_cast<int>(k))...); }
  (std::index_sequence_for<Inputs...>());
  if ((dense >> (operands - 1) & 1) != 0 && is_whole) return store_packet(y + first, results);
#pragma unroll
  for (int i = 0; i < n; ++i) {
    if (first + i * step < count) y[at[i].of[operands - 1]] = results.element[i];
  }
}

/// `rows` walks the inputs in their order, then y.
template <class Op, class R, class... Inputs>
void map(CudaContext& context, const Rows<sizeof...(Inputs) + 1>& rows, Op op, R* y, const Inputs*... inputs) {
  constexpr int operands = sizeof...(Inputs) + 1, n = 16 / static_cast<int>(std::max({sizeof(R), sizeof(Inputs)...}));
  constexpr int few = std::min(n, 4);
  if (rows.numel == 0) return;
  const std::array<bool, operands> aligned{is_aligned<n>(inputs)..., is_aligned<n>(y)};
  if (is_dense(rows) && std::ranges::all_of(aligned, std::identity())) {
    launch(context, map_dense<n, Op, R, Inputs...>, threads_for((rows.numel + n - 1) / n), op, rows.numel, y,
           inputs...);
    return;
  }
  if (rows.numel > INT32_MAX) {
    const auto [front, back, next] = halves(rows);
    map(context, front, op, y, inputs...);
    return [&, back = back, next = next ]<std::size_t... k>(std::index_sequence<k...>) {
      map(context, back, op, y + next[operands - 1], (inputs + next[k])...);
    }
    (std::index_sequence_for<Inputs...>());
  }
  if (const auto packets = in_packets(rows, n, aligned)) {
    launch(context, map_packets<n, Op, R, Inputs...>, threads_for(packets->numel), op, Walk<operands>(*packets),
           neighbours(rows), static_cast<std::uint32_t>(packets->numel), y, inputs...);
  } else {
    const std::array<bool, operands> loadable{is_aligned<few>(inputs)..., is_aligned<few>(y)};
    launch(context, map_strided<few, Op, R, Inputs...>, threads_for((rows.numel + few - 1) / few), op,
           Walk<operands>(rows), dense_operands(rows, loadable), static_cast<std::uint32_t>(rows.numel), y, inputs...);
  }
}

}  // namespace ebb::kernels
