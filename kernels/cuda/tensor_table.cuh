#pragma once

#include <array>
#include <cstdint>

#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"

// Kernels over the elements of many tensors in one launch: their addresses travel as an argument of the kernel.

namespace ebb::kernels {

/// As many groups of n tensors alike as fit 4000 bytes of a kernel's arguments, each cut into shares of a block.
template <class T, int n>
struct TensorTable {
  static constexpr int packet = 16 / sizeof(T), share = block_size * packet * 4;
  static constexpr int capacity = 4000 / (n * 8 + 8 + 4 + 1) - 1;

  T* data[n][capacity];
  std::int64_t count[capacity];
  unsigned first_block[capacity + 1];
  bool is_aligned[capacity];
  int size = 0;

  /// False where there is no room.
  bool add(const std::array<T*, n>& tensors, std::int64_t elements) {
    if (size == capacity) return false;
    is_aligned[size] = true;
    for (int k = 0; k < n; ++k) {
      data[k][size] = tensors[k];
      is_aligned[size] = is_aligned[size] && ebb::kernels::is_aligned<packet>(tensors[k]);
    }
    count[size] = elements;
    if (size == 0) first_block[0] = 0;
    const std::int64_t blocks = first_block[size] + (elements + share - 1) / share;
    first_block[++size] = grid_size(blocks);
    return true;
  }
  unsigned blocks() const { return size == 0 ? 0 : first_block[size]; }

  /// Calls `body(packet size, group, first element)` for the packets of this block's share, in which the threads take
  /// turns: packets of 16 bytes where they lie whole, single elements elsewhere.
  template <class Body>
  __device__ void for_each_packet(Body&& body) const {
    const int group = group_of(blockIdx.x);
    const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x - first_block[group]) * share;
    const std::int64_t end = min(begin + share, count[group]);
    const std::int64_t whole = is_aligned[group] ? (end - begin) / packet * packet : 0;
    for (std::int64_t i = begin + static_cast<std::int64_t>(threadIdx.x) * packet; i < begin + whole;
         i += block_size * packet) {
      body(std::integral_constant<int, packet>(), group, i);
    }
    for (std::int64_t i = begin + whole + threadIdx.x; i < end; i += block_size) {
      body(std::integral_constant<int, 1>(), group, i);
    }
  }

 private:
  __device__ int group_of(unsigned block) const {
    int low = 0, high = size;  // the last whose first block is not after it: those without elements have none
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (first_block[middle] <= block ? low : high) = middle;
    }
    return low;
  }
};

/// Calls `launch_table(table)` with all groups that `each` adds by `add(tensors, elements)`, in one table or several.
template <class T, int n, class Each, class Launch>
void for_each_table(Each&& each, Launch&& launch_table) {
  TensorTable<T, n> table;
  each([&](const std::array<T*, n>& tensors, std::int64_t elements) {
    if (elements == 0 || table.add(tensors, elements)) return;
    launch_table(table);
    table.size = 0;
    table.add(tensors, elements);
  });
  if (table.size > 0) launch_table(table);
}

}  // namespace ebb::kernels
