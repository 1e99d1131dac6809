// y[i] = a[i] b[i] of floats by tensor cores, with the instructions that GPUs have had since sm_80.
#include "ebb/core/backends/backends.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/launch_product.cuh"
#include "ebb/kernels/matmul/mma_tile.cuh"
#include "ebb/kernels/matmul/panel.cuh"

namespace ebb::kernels {
namespace {

template <class Tile, bool a_by_k, bool b_by_k>
struct MmaShared {
  PanelPair<Tile, a_by_k, b_by_k> stage[Tile::stages];
};

template <class Tile, bool a_by_k, bool b_by_k, bool shifted, MmaTerms terms>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks)
    multiply_by_mma(Factor<float> a, Factor<float> b, ProductGrid grid, EpilogueOf<float> epilogue,
                    ProductOutput<float> output) {
  auto& shared = dynamic_shared<MmaShared<Tile, a_by_k, b_by_k>>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, warp = thread / warp_size;
  const int warp_row = warp % Tile::warps_down * Tile::warp_rows,
            warp_column = warp / Tile::warps_down * Tile::warp_columns;
  const BlockPart<Tile> part(grid, a.k);
  for (std::int64_t matrix = blockIdx.z; matrix < grid.batch; matrix += gridDim.z) {
    PairLoader<Tile, a_by_k, b_by_k, shifted> loader(a, b, matrix, part);
    // Lines 4 apart are shifted alike.
    const int a_shift = loader.a_shift(a).of(a_by_k ? lane / 4 : lane % 4),
              b_shift = loader.b_shift(b).of(b_by_k ? lane / 4 : lane % 4);
    const auto load = [&](int panel) { loader.load(a, b, panel, shared.stage); };
    for (int panel = 0; panel < Tile::stages - 1; ++panel) load(panel);
    WarpSums<Tile, terms> sums;
    for (int panel = 0; panel < part.panels; ++panel) {
      wait_for_copies<Tile::stages - 2>();
      __syncthreads();  // the copies of all threads are there, and the stage that is loaded next has been read
      load(panel + Tile::stages - 1);
      const auto& stage = shared.stage[panel % Tile::stages];
      sums.add(stage.a, a_shift, stage.b, b_shift, warp_row, warp_column, lane);
    }
    __syncthreads();

    const Results<Tile> results{{part.first_row + warp_row + lane / 4, part.first_column + warp_column + lane % 4 * 2},
                                a.outer,
                                b.outer,
                                (blockIdx.y * grid.batch + matrix) * a.outer * b.outer};
    const std::uint64_t no_numbers = store(results, sums.value, epilogue, output.y);
    if constexpr (terms == MmaTerms::three) {
      multiply_plainly(results, no_numbers, a, b, {matrix, part.first_k, part.end_k}, epilogue, output.y);
    }
  }
}

using LargeTile = MmaTile<128, 64, 16, 64, 32, 4, 8, 2>;
using MediumTile = MmaTile<64, 64, 32, 32, 32, 3, 8, 3>;
using SmallTile = MmaTile<32, 32, 32, 16, 16, 2, 8, 4>;

template <class Tile>
void launch_tile(const ProductTask<float>& task, MmaTerms terms) {
  visit_layout(task.product, [&]<bool a_by_k, bool b_by_k, bool shifted>() {
    auto* const kernel = terms == MmaTerms::one ? multiply_by_mma<Tile, a_by_k, b_by_k, shifted, MmaTerms::one>
                                                : multiply_by_mma<Tile, a_by_k, b_by_k, shifted, MmaTerms::three>;
    launch_product<Tile>(task, kernel, sizeof(MmaShared<Tile, a_by_k, b_by_k>));
  });
}

ProductCut cut(const CudaContext& context, const ProductSizes& sizes) {
  constexpr TileShape shapes[] = {shape_of<LargeTile>(0.66), shape_of<MediumTile>(0.6), shape_of<SmallTile>(0.4)};
  return cheapest_cut(context, sizes, shapes, 64);
}

}  // namespace

double mma_cost(const CudaContext& context, const Tensor& a, const Tensor& b) {
  return is_half_precision(a.dtype()) ? mma_half_cost(context, a, b) : cut(context, {a, b}).cost;
}

void bmm_mma(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  if (is_half_precision(y.dtype())) return bmm_mma_half(context, a, b, epilogue, y);
  const Product<float> p(context, a, b);
  const ProductCut best = cut(context, {a, b});
  const MmaTerms terms = backends::cuda.matmul.allow_tf32 ? MmaTerms::one : MmaTerms::three;
  const ProductTask<float> task{context, p, best.splits, epilogue, y};
  if (best.tile == 0) return launch_tile<LargeTile>(task, terms);
  if (best.tile == 1) return launch_tile<MediumTile>(task, terms);
  launch_tile<SmallTile>(task, terms);
}

}  // namespace ebb::kernels
