#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/shuffle.cuh"
#include "ebb/kernels/matmul/product_tile.cuh"

// How a block stores its tile of a product: through shared memory, so that neighbours in y are neighbours in a warp.

namespace ebb::kernels {

/// In the place of an epilogue.
struct AsItIs {
  __device__ float operator()(float value, std::int64_t /*channel*/, std::int64_t /*index*/) const { return value; }
  template <int n>
  __device__ void finish(Packet<float, n>& /*values*/, std::int64_t /*channel*/, std::int64_t /*index*/) const {}
};

template <class Tile>
struct ResultTile {
  static constexpr int step = Tile::columns + 8;  // so that half a warp writes pairs to all of the banks
  static constexpr int down = Tile::warp_rows / 16, across = Tile::warp_columns / 8;

  Packet<float, 4> packet[Tile::rows][step / 4];

  /// What a lane has of a warp's results, of which the first is (row, column): as mma_tf32's c.
  __device__ void put(const float (&sums)[down][across][4], int row, int column, int lane) {
#pragma unroll
    for (int i = 0; i < down * 2; ++i) {
      Packet<float, 4>* to = packet[row + i * 8 + lane / 4] + column / 4 + lane % 4 / 2;
#pragma unroll
      for (int j = 0; j < across; ++j) {
        const float* two = &sums[i / 2][j][i % 2 * 2];
        store_packet(to[j * 2].element + lane % 2 * 2, Packet<float, 2>{{two[0], two[1]}});
      }
    }
  }
};

template <class Tile, class T, class Epilogue>
__device__ void store_elements(const ResultTile<Tile>& tile, const TilePlace& place, const Epilogue& epilogue, T* y) {
  constexpr int per_row = Tile::columns / 4, rows_at_once = Tile::threads / per_row;
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t column = place.first.column + thread % per_row * 4, columns = place.columns;
  if (column >= columns) return;
  const bool by_packets = columns % 4 == 0 && reinterpret_cast<std::uintptr_t>(y) % sizeof(Packet<T, 4>) == 0;
  const int rows = static_cast<int>(min(place.rows - place.first.row, std::int64_t{Tile::rows}));
#pragma unroll 2
  for (int row = thread / per_row; row < rows; row += rows_at_once) {
    const std::int64_t to = place.first_element + (place.first.row + row) * columns + column;
    Packet<float, 4> sums = tile.packet[row][thread % per_row];
    if (by_packets) {
      epilogue.finish(sums, column, to);
      Packet<T, 4> packet;
#pragma unroll
      for (int e = 0; e < 4; ++e) packet.element[e] = rounded<T>(sums.element[e]);
      store_packet(y + to, packet);
    } else {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (column + e < columns) y[to + e] = rounded<T>(epilogue(sums.element[e], column + e, to + e));
      }
    }
  }
}

struct WholeBlock {
  __device__ void operator()() const { __syncthreads(); }
};

/// What the block's first Tile::threads, which `meet`, have put into `tile`.
template <class Tile, class T, class Meet = WholeBlock>
__device__ void store(const ResultTile<Tile>& tile, const TilePlace& place, const EpilogueOf<T>& epilogue,
                      const ProductOutput<T>& output, Meet meet = {}) {
  meet();
  if (output.parts != nullptr) {
    store_elements(tile, place, AsItIs(), output.parts);
  } else {
    store_elements(tile, place, epilogue, output.y);
  }
  meet();
}

}  // namespace ebb::kernels
