// y[i] = a[i] b[i] of half precision by tensor cores, with the instructions that GPUs have had since sm_80.
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/half_panel.cuh"
#include "ebb/kernels/matmul/launch_product.cuh"
#include "ebb/kernels/matmul/mma_tile.cuh"

namespace ebb::kernels {
namespace {

template <class Tile, class T, bool a_by_k, bool b_by_k>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks)
    multiply_halves(Factor<T> a, Factor<T> b, ProductGrid grid, EpilogueOf<T> epilogue, ProductOutput<T> output) {
  using Shared = HalfShared<Tile, T, a_by_k, b_by_k>;
  auto& shared = dynamic_shared<Shared>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, warp = thread / warp_size;
  const int warp_row = warp % Tile::warps_down * Tile::warp_rows,
            warp_column = warp / Tile::warps_down * Tile::warp_columns;
  const BlockPart<Tile> part(grid, a.k);
  for (std::int64_t matrix = blockIdx.z; matrix < grid.batch; matrix += gridDim.z) {
    HalfPairLoader<Tile, Shared> loader(a, b, matrix, part);
    const auto load = [&](int panel) { loader.load(a, b, panel, shared); };
    for (int panel = 0; panel < Tile::stages - 1; ++panel) load(panel);
    WarpSumsOfHalf<Tile, T> sums;
    for (int panel = 0; panel < part.panels; ++panel) {
      wait_for_copies<Tile::stages - 2>();
      __syncthreads();  // the copies of all threads are there, and the stage that is loaded next has been read
      load(panel + Tile::stages - 1);
      const auto& stage = shared.stage[panel % Tile::stages];
      sums.add(stage.a, stage.b, warp_row, warp_column, lane);
    }
    __syncthreads();
    shared.results.put(sums.value, warp_row, warp_column, lane);
    store(shared.results, TilePlace(part, a, b, grid.batch, matrix), epilogue, output);
  }
}

using LargeHalfTile = MmaTile<128, 128, 64, 64, 64, 3, 64, 2>;
using MediumHalfTile = MmaTile<64, 64, 64, 32, 32, 3, 64, 4>;
using SmallHalfTile = MmaTile<32, 32, 32, 16, 16, 4, 32, 6>;

template <class Tile, class T>
void launch_half_tile(const ProductTask<T>& task) {
  visit_order(task.product, [&]<bool a_by_k, bool b_by_k>() {
    launch_product<Tile>(task, multiply_halves<Tile, T, a_by_k, b_by_k>, sizeof(HalfShared<Tile, T, a_by_k, b_by_k>));
  });
}

ProductCut mma_half_cut(const CudaContext& context, const ProductSizes& sizes) {
  constexpr TileShape shapes[] = {shape_of<LargeHalfTile>(0.65), shape_of<MediumHalfTile>(0.45),
                                  shape_of<SmallHalfTile>(0.22)};  // guessed: no GPU was at hand
  return cheapest_cut(context, sizes, shapes, start_of_half);
}

template <class T>
void mma_half_as(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const Product<T> p(context, a, b);
  const ProductCut cut = mma_half_cut(context, {a, b});
  const ProductTask<T> task{context, p, cut.splits, epilogue, y};
  if (cut.tile == 0) return launch_half_tile<LargeHalfTile>(task);
  if (cut.tile == 1) return launch_half_tile<MediumHalfTile>(task);
  launch_half_tile<SmallHalfTile>(task);
}

}  // namespace

double mma_half_cost(const CudaContext& context, const Tensor& a, const Tensor& b) {
  return mma_half_cut(context, {a, b}).cost;
}

void bmm_mma_half(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  y.dtype() == kFloat16 ? mma_half_as<Half>(context, a, b, epilogue, y)
                        : mma_half_as<BFloat16>(context, a, b, epilogue, y);
}

}  // namespace ebb::kernels
