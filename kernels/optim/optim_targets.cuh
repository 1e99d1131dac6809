#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/optim/optim_ops.h"

// Steps of many tensors in one launch: their addresses travel as an argument of the kernel.

namespace ebb::kernels {

/// As many targets as fit 4000 bytes of a kernel's arguments, each cut into shares of a block.
template <class T, int states>
struct TargetTable {
  static constexpr int packet = 16 / sizeof(T), share = block_size * packet * 4;
  static constexpr int bytes_each = (2 + states) * 8 + 8 + 4 + 1, capacity = 4000 / bytes_each - 1;

  T* p[capacity];
  const T* g[capacity];
  T* state[states > 0 ? states : 1][states > 0 ? capacity : 1];
  std::int64_t count[capacity];
  unsigned first_block[capacity + 1];
  bool is_aligned[capacity];
  int size = 0;

  /// False where there is no room.
  bool add(OptimTarget& target) {
    if (size == capacity) return false;
    p[size] = target.p.data<T>();
    g[size] = std::as_const(target.g).data<T>();
    count[size] = target.p.numel();
    bool aligned = ebb::kernels::is_aligned<packet>(p[size]) && ebb::kernels::is_aligned<packet>(g[size]);
    for (std::size_t k = 0; k < states; ++k) {
      state[k][size] = target.states[k].data<T>();
      aligned = aligned && ebb::kernels::is_aligned<packet>(state[k][size]);
    }
    is_aligned[size] = aligned;
    if (size == 0) first_block[0] = 0;
    const std::int64_t blocks = first_block[size] + (count[size] + share - 1) / share;
    first_block[++size] = grid_size(blocks);
    return true;
  }
  unsigned blocks() const { return size == 0 ? 0 : first_block[size]; }

  /// The target of a block.
  __device__ int target(unsigned block) const {
    int low = 0, high = size;  // the last whose first block is not after it; empty targets have none
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (first_block[middle] <= block ? low : high) = middle;
    }
    return low;
  }
};

template <class T, int n, int states>
struct Elements {
  Packet<T, n> p, g, state[states > 0 ? states : 1];

  template <class Formula>
  __device__ void move(const Formula& formula) {
    for (int i = 0; i < n; ++i) {
      T own[states > 0 ? states : 1];
      for (int k = 0; k < states; ++k) own[k] = state[k].element[i];
      formula(p.element[i], g.element[i], own);
      for (int k = 0; k < states; ++k) state[k].element[i] = own[k];
    }
  }
};

template <int n, class Formula, class T, int states>
__device__ void step_at(const Formula& formula, const TargetTable<T, states>& table, int target, std::int64_t i) {
  Elements<T, n, states> elements;
  elements.p = load_packet<T, n>(table.p[target] + i);
  elements.g = load_packet<T, n>(table.g[target] + i);
#pragma unroll
  for (int k = 0; k < states; ++k) elements.state[k] = load_packet<T, n>(table.state[k][target] + i);
  elements.move(formula);
  store_global(table.p[target] + i, elements.p);
#pragma unroll
  for (int k = 0; k < states; ++k) store_global(table.state[k][target] + i, elements.state[k]);
}

/// A block's share of one target, in packets where they lie whole.
template <class Formula, class T, int states>
__device__ void step_share(const Formula& formula, const TargetTable<T, states>& table) {
  constexpr int n = TargetTable<T, states>::packet, share = TargetTable<T, states>::share;
  const int target = table.target(blockIdx.x);
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x - table.first_block[target]) * share;
  const std::int64_t end = min(begin + share, table.count[target]);
  const std::int64_t whole = table.is_aligned[target] ? (end - begin) / n * n : 0;
  for (std::int64_t i = begin + static_cast<std::int64_t>(threadIdx.x) * n; i < begin + whole; i += block_size * n) {
    step_at<n>(formula, table, target, i);
  }
  for (std::int64_t i = begin + whole + threadIdx.x; i < end; i += block_size) step_at<1>(formula, table, target, i);
}

}  // namespace ebb::kernels
