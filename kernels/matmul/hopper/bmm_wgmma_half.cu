// y[i] = a[i] b[i] of half precision by Hopper's tensor cores, which read both factors from shared memory and multiply
// while the warps copy what is next. This file is compiled for compute_90a.
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/hopper/half_wgmma.cuh"
#include "ebb/kernels/matmul/launch_product.cuh"

namespace ebb::kernels {
namespace {

struct WgmmaHalfTile {
  static constexpr int rows = 128, columns = 128, depth = 64, stages = 3, threads = 256, blocks = 2;
  static constexpr int warp_rows = 16, warp_columns = columns;
  static constexpr int step = 16, warps_together = 4;  // of an instruction
};

template <class T, bool a_by_k, bool b_by_k>
__global__ void __launch_bounds__(WgmmaHalfTile::threads, WgmmaHalfTile::blocks)
    multiply_halves_by_wgmma(Factor<T> a, Factor<T> b, ProductGrid grid, EpilogueOf<T> epilogue,
                             ProductOutput<T> output) {
  using Tile = WgmmaHalfTile;
  using Shared = HalfShared<Tile, T, a_by_k, b_by_k>;
  auto& shared = shared_for_wgmma<Shared>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, warp = thread / warp_size;
  const int first_row = warp / Tile::warps_together * Tile::warps_together * Tile::warp_rows;
  const BlockPart<Tile> part(grid, a.k);
  for (std::int64_t matrix = blockIdx.z; matrix < grid.batch; matrix += gridDim.z) {
    HalfPairLoader<Tile, Shared> loader(a, b, matrix, part);
    const auto load = [&](int panel) { loader.load(a, b, panel, shared); };
    const auto wait_for_panel = [] {
      wait_for_copies<Tile::stages - 2>();
      publish_to_wgmma();
    };
    for (int panel = 0; panel < Tile::stages - 1; ++panel) load(panel);
    wait_for_panel();
    __syncthreads();
    float sums[1][Tile::columns / 8][4] = {};
    for (int panel = 0; panel < part.panels; ++panel) {
      start_half_products<Tile, T>(sums[0], shared.stage[panel % Tile::stages], first_row);
      load(panel + Tile::stages - 1);
      wait_for_panel();
      wait_for_wgmma();
      settle(sums[0]);
      __syncthreads();
    }
    shared.results.put(sums, warp * Tile::warp_rows, 0, lane);
    store(shared.results, TilePlace(part, a, b, grid.batch, matrix), epilogue, output);
  }
}

ProductCut wgmma_half_cut(const CudaContext& context, const ProductSizes& sizes) {
  constexpr TileShape shapes[] = {shape_of<WgmmaHalfTile>(1)};
  return cheapest_cut(context, sizes, shapes, start_of_half);
}

template <class T>
void wgmma_half_as(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const Product<T> p(context, a, b);
  const ProductTask<T> task{context, p, wgmma_half_cut(context, {a, b}).splits, epilogue, y};
  visit_order(p, [&]<bool a_by_k, bool b_by_k>() {
    launch_product<WgmmaHalfTile>(task, multiply_halves_by_wgmma<T, a_by_k, b_by_k>,
                                  sizeof(WithPlaceToAlign<HalfShared<WgmmaHalfTile, T, a_by_k, b_by_k>>));
  });
}

}  // namespace

double wgmma_half_cost(const CudaContext& context, const Tensor& a, const Tensor& b) {
  return wgmma_half_cut(context, {a, b}).cost;
}

void bmm_wgmma_half(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  y.dtype() == kFloat16 ? wgmma_half_as<Half>(context, a, b, epilogue, y)
                        : wgmma_half_as<BFloat16>(context, a, b, epilogue, y);
}

}  // namespace ebb::kernels
