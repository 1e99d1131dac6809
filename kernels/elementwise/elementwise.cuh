#pragma once

#include <algorithm>
#include <utility>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/walk.h"

// y = op(inputs...) element by element: the kernels of every elementwise op.

namespace ebb::kernels {

/// Any strides: one element a thread.
template <class Op, class R, class... Inputs>
__global__ void map_strided(Op op, Walk<sizeof...(Inputs) + 1> walk, std::int64_t count, R* y,
                            const Inputs*... inputs) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  const auto offsets = walk(i);
  const auto apply = [&]<std::size_t... k>(std::index_sequence<k...>) { return op(inputs[offsets.of[k]]...); };
  y[offsets.of[sizeof...(Inputs)]] = apply(std::index_sequence_for<Inputs...>());
}

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

/// `rows` walks the inputs in their order, then y.
template <class Op, class R, class... Inputs>
void map(CudaContext& context, const Rows<sizeof...(Inputs) + 1>& rows, Op op, R* y, const Inputs*... inputs) {
  if (rows.numel == 0) return;
  constexpr int n = 16 / static_cast<int>(std::max({sizeof(R), sizeof(Inputs)...}));
  const bool aligned = is_aligned<n>(y) && (is_aligned<n>(inputs) && ...);
  if (is_dense(rows) && aligned) {
    launch(context, map_dense<n, Op, R, Inputs...>, threads_for((rows.numel + n - 1) / n), op, rows.numel, y,
           inputs...);
  } else {
    launch(context, map_strided<Op, R, Inputs...>, threads_for(rows.numel), op,
           Walk<static_cast<int>(sizeof...(Inputs)) + 1>(rows), rows.numel, y, inputs...);
  }
}

}  // namespace ebb::kernels
