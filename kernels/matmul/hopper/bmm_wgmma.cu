// y[i] = a[i] b[i] of floats by Hopper's tensor cores: as bmm_mma.cu, but that they read the columns from shared memory
// and multiply while the warps prepare what is next. This file is compiled for compute_90a.
#include "ebb/kernels/cuda/wgmma.cuh"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/launch_product.cuh"
#include "ebb/kernels/matmul/panel.cuh"
#include "ebb/kernels/matmul/tf32_split.cuh"

namespace ebb::kernels {
namespace {

struct WgmmaTile {
  static constexpr int rows = 128, columns = 128, depth = 32, stages = 3, threads = 256, blocks = 1;
  static constexpr int warp_rows = 16, warp_columns = columns;
  static constexpr int steps = depth / 8;  // of an instruction
};

template <bool a_by_k, bool b_by_k>
struct WgmmaShared {
  struct Columns {
    WgmmaColumns<WgmmaTile::depth> leading, rest;
  };
  Columns columns[2];  // one is multiplied, one is prepared
  PanelPair<WgmmaTile, a_by_k, b_by_k> stage[WgmmaTile::stages];
};

/// A lane's part of the rows, for one panel.
struct Rows {
  Split<4, MmaTerms::three> step[WgmmaTile::steps];
};

template <class PanelA>
__device__ void split_rows(const PanelA& a, int shift, int row, int t, Rows& rows) {
#pragma unroll
  for (int s = 0; s < WgmmaTile::steps; ++s) {
#pragma unroll
    for (int i = 0; i < 4; ++i) rows.step[s].set(i, a(row + i % 2 * 8, s * 8 + t + i / 2 * 4, shift));
  }
}

/// Four of k of one column.
template <bool by_k, bool shifted, class PanelB>
__device__ Packet<float, 4> four_of(const PanelB& b, const LineShift& shift, int column, int k) {
  if constexpr (by_k && !shifted) {
    return load_packet<float, 4>(b.at(column, k));
  } else {
    Packet<float, 4> four;
#pragma unroll
    for (int e = 0; e < 4; ++e) four.element[e] = b(column, k + e, shift.of(by_k ? column : e));
    return four;
  }
}

template <bool by_k, bool shifted, class PanelB, class Columns>
__device__ void split_columns(const PanelB& b, const LineShift& shift, int thread, Columns& columns) {
  constexpr int of_k = WgmmaTile::threads / WgmmaTile::columns;
#pragma unroll
  for (int i = 0; i < WgmmaTile::depth / 4 / of_k; ++i) {
    const int column = thread % WgmmaTile::columns, k4 = thread / WgmmaTile::columns + i * of_k;
    const auto four = four_of<by_k, shifted>(b, shift, column, k4 * 4);
    Split<4, MmaTerms::three> split;
#pragma unroll
    for (int e = 0; e < 4; ++e) split.set(e, four.element[e]);
    store_packet(columns.leading.element[k4][column],
                 Packet<float, 4>{split.leading[0], split.leading[1], split.leading[2], split.leading[3]});
    store_packet(columns.rest.element[k4][column],
                 Packet<float, 4>{split.rest[0], split.rest[1], split.rest[2], split.rest[3]});
  }
  publish_to_wgmma();
}

template <class Columns>
__device__ void start_products(float (&part)[64], const Rows& rows, const Columns& columns) {
  begin_wgmma();
#pragma unroll
  for (int s = 0; s < WgmmaTile::steps; ++s) {
    wgmma_tf32(part, rows.step[s].rest, columns.leading, s * 8, s > 0);
    wgmma_tf32(part, rows.step[s].leading, columns.rest, s * 8, true);
    wgmma_tf32(part, rows.step[s].leading, columns.leading, s * 8, true);
  }
  end_wgmma();
}

template <bool a_by_k, bool b_by_k, bool shifted>
__global__ void __launch_bounds__(WgmmaTile::threads, WgmmaTile::blocks)
    multiply_by_wgmma(Factor<float> a, Factor<float> b, ProductGrid grid, EpilogueOf<float> epilogue,
                      ProductOutput<float> output) {
  using Tile = WgmmaTile;
  auto& shared = dynamic_shared<WgmmaShared<a_by_k, b_by_k>>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, g = lane / 4, t = lane % 4;
  const int warp_row = thread / warp_size * Tile::warp_rows;
  const BlockPart<Tile> part(grid, a.k);
  for (std::int64_t matrix = blockIdx.z; matrix < grid.batch; matrix += gridDim.z) {
    PairLoader<Tile, a_by_k, b_by_k, shifted> loader(a, b, matrix, part);
    const LineShift b_shift = loader.b_shift(b);
    const int a_shift = loader.a_shift(a).of(a_by_k ? g : t);  // lines 4 apart are shifted alike
    const auto load = [&](int panel) { loader.load(a, b, panel, shared.stage); };
    Rows rows[2];
    const auto prepare = [&](int panel, Rows& to) {
      const auto& stage = shared.stage[panel % Tile::stages];
      split_rows(stage.a, a_shift, warp_row + g, t, to);
      split_columns<b_by_k, shifted>(stage.b, b_shift, thread, shared.columns[panel % 2]);
    };
    for (int panel = 0; panel < Tile::stages - 1; ++panel) load(panel);
    wait_for_copies<Tile::stages - 2>();
    __syncthreads();
    prepare(0, rows[0]);
    __syncthreads();
    // Tensor cores do not round sums to nearest: only those of a panel are left to them.
    float sums[1][Tile::columns / 8][4] = {}, products[64];
    for (int first = 0; first < part.panels; first += 2) {
#pragma unroll
      for (int odd = 0; odd < 2; ++odd) {  // so that registers are chosen when compiling
        const int panel = first + odd;
        if (panel == part.panels) break;
        start_products(products, rows[odd], shared.columns[odd]);
        load(panel + Tile::stages - 1);
        wait_for_copies<Tile::stages - 2>();  // a barrier less and all copies waited for was a fifth slower on an H100
        __syncthreads();
        if (panel + 1 < part.panels) prepare(panel + 1, rows[1 - odd]);
        wait_for_wgmma();
        settle(products);
#pragma unroll
        for (int i = 0; i < 64; ++i) sums[0][i / 4][i % 4] += products[i];
        __syncthreads();
      }
    }
    const Results<Tile> results{{part.first_row + warp_row + g, part.first_column + t * 2},
                                a.outer,
                                b.outer,
                                (blockIdx.y * grid.batch + matrix) * a.outer * b.outer};
    const std::uint64_t no_numbers = store(results, sums, epilogue, output.y);
    multiply_plainly(results, no_numbers, a, b, {matrix, part.first_k, part.end_k}, epilogue, output.y);
  }
}

ProductCut cut(const CudaContext& context, const ProductSizes& sizes) {
  constexpr TileShape shapes[] = {shape_of<WgmmaTile>(1)};
  return cheapest_cut(context, sizes, shapes, 64);
}

}  // namespace

double wgmma_cost(const CudaContext& context, const Tensor& a, const Tensor& b) {
  return is_half_precision(a.dtype()) ? wgmma_half_cost(context, a, b) : cut(context, {a, b}).cost;
}

void bmm_wgmma(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  if (is_half_precision(y.dtype())) return bmm_wgmma_half(context, a, b, epilogue, y);
  const Product<float> p(context, a, b);
  const ProductTask<float> task{context, p, cut(context, {a, b}).splits, epilogue, y};
  visit_layout(p, [&]<bool a_by_k, bool b_by_k, bool shifted>() {
    launch_product<WgmmaTile>(task, multiply_by_wgmma<a_by_k, b_by_k, shifted>, sizeof(WgmmaShared<a_by_k, b_by_k>));
  });
}

}  // namespace ebb::kernels
