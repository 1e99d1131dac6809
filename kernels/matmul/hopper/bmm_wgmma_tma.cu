// y[i] = a[i] b[i] of half precision by Hopper's tensor cores: as bmm_wgmma_half.cu, but that one thread has TMA copy
// all panels, while two groups of four warps, which have the registers of the others, multiply 64 x 256 results each.
// This file is compiled for compute_90a.
#include "ebb/kernels/cuda/tma.cuh"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/hopper/factor_maps.h"
#include "ebb/kernels/matmul/hopper/half_wgmma.cuh"
#include "ebb/kernels/matmul/launch_product.cuh"

namespace ebb::kernels {
namespace {

struct WgmmaTmaTile {
  static constexpr int rows = 128, columns = 256, depth = 64, stages = 4, threads = 256, blocks = 1;
  static constexpr int warp_rows = 16, warp_columns = columns;
  static constexpr int step = 16, warps_together = 4;  // of an instruction
  static constexpr int copying_threads = 128;  // beside those that multiply: registers are given away by so many
  static constexpr int copying_registers = 40, multiplying_registers = 232;
};

/// What a block keeps in shared memory. A stage is `full` once TMA has filled it and `empty` once all warps have
/// multiplied it; results take the place of the stages.
template <class T, bool a_by_k, bool b_by_k>
struct RingShared {
  using Panels = HalfShared<WgmmaTmaTile, T, a_by_k, b_by_k>;

  Panels panels;
  MBarrier full[WgmmaTmaTile::stages], empty[WgmmaTmaTile::stages];

  __device__ void init() {
    for (int s = 0; s < WgmmaTmaTile::stages; ++s) {
      init_mbarrier(full[s], 1);
      init_mbarrier(empty[s], WgmmaTmaTile::threads / warp_size);
    }
    publish_mbarriers();
  }
};

/// The stage of a panel, and the parity of the phase in which it is filled.
struct RingPlace {
  int stage = 0;
  unsigned parity = 0;

  __device__ void advance() {
    stage = (stage + 1) % WgmmaTmaTile::stages;
    if (stage == 0) parity ^= 1;
  }
};

template <class Panel>
__device__ void copy_panel(Panel& to, const CUtensorMap& map, int outer, int k, int matrix, MBarrier& full) {
  constexpr int per_line = Panel::packets * 8;
#pragma unroll
  for (int i = 0; i < Panel::length / per_line; ++i) {
    const int along = (Panel::by_k ? k : outer) + i * per_line, line = Panel::by_k ? outer : k;
    copy_box(&to.packet[i], map, {along, line, matrix}, full);
  }
}

/// One thread's: all panels of the block's part of a product.
template <class Shared, class T>
__device__ void copy_panels(Shared& shared, const FactorMaps& maps, const Factor<T>& a, const Factor<T>& b,
                            const BlockPart<WgmmaTmaTile>& part) {
  prefetch_map(maps.a);
  prefetch_map(maps.b);
  const int row = static_cast<int>(part.first_row), column = static_cast<int>(part.first_column);
  const int matrix = static_cast<int>(blockIdx.z), of_a = a.batch_stride == 0 ? 0 : matrix,
            of_b = b.batch_stride == 0 ? 0 : matrix;
  int k = static_cast<int>(part.first_k);
  RingPlace place;
  for (int panel = 0; panel < part.panels; ++panel, k += WgmmaTmaTile::depth, place.advance()) {
    auto& stage = shared.panels.stage[place.stage];
    MBarrier& full = shared.full[place.stage];
    wait_for_phase(shared.empty[place.stage], place.parity ^ 1);  // at first the phase before the first, which is over
    arrive_expecting(full, sizeof(stage));
    copy_panel(stage.a, maps.a, row, k, of_a, full);
    copy_panel(stage.b, maps.b, column, k, of_b, full);
  }
}

/// Two groups of products are on their way at a time: a stage is given back when those of the next have begun.
template <class T, class Shared>
__device__ void add_panels(float (&sums)[WgmmaTmaTile::columns / 8][4], Shared& shared, int panels, int row, int lane) {
  RingPlace place;
  int before = 0;
  for (int panel = 0; panel < panels; ++panel, place.advance()) {
    wait_for_phase(shared.full[place.stage], place.parity);
    start_half_products<WgmmaTmaTile, T>(sums, shared.panels.stage[place.stage], row);
    wait_for_wgmma<1>();
    if (panel > 0 && lane == 0) arrive(shared.empty[before]);
    before = place.stage;
  }
  wait_for_wgmma();
  settle(sums);
}

template <class T, bool a_by_k, bool b_by_k>
__global__ void __launch_bounds__(block_threads<WgmmaTmaTile>, WgmmaTmaTile::blocks)
    multiply_halves_by_wgmma_tma(const __grid_constant__ FactorMaps maps, Factor<T> a, Factor<T> b, ProductGrid grid,
                                 EpilogueOf<T> epilogue, ProductOutput<T> output) {
  using Tile = WgmmaTmaTile;
  auto& shared = shared_for_wgmma<RingShared<T, a_by_k, b_by_k>>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, warp = thread / warp_size;
  if (thread == 0) shared.init();
  __syncthreads();
  const BlockPart<Tile> part(grid, a.k);
  if (thread >= Tile::threads) {
    give_registers<Tile::copying_registers>();
    if (thread == Tile::threads) copy_panels(shared, maps, a, b, part);
    return;
  }
  take_registers<Tile::multiplying_registers>();
  float sums[1][Tile::columns / 8][4] = {};
  add_panels<T>(sums[0], shared, part.panels, warp / Tile::warps_together * Tile::warps_together * Tile::warp_rows,
                lane);
  const auto meet = [] { sync_first_threads<Tile::threads>(); };
  meet();
  shared.panels.results.put(sums, warp * Tile::warp_rows, 0, lane);
  store(shared.panels.results, TilePlace(part, a, b, grid.batch, blockIdx.z), epilogue, output, meet);
}

template <class T>
void wgmma_tma_as(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  using Tile = WgmmaTmaTile;
  constexpr TileShape shapes[] = {shape_of<Tile>(1)};
  const Product<T> p(context, a, b);
  const ProductTask<T> task{context, p, cheapest_cut(context, {a, b}, shapes, start_of_half).splits, epilogue, y};
  visit_order(p, [&]<bool a_by_k, bool b_by_k>() {
    const FactorMaps maps = factor_maps(p.left, p.right, {a_by_k, b_by_k}, {Tile::rows, Tile::columns, Tile::depth});
    launch_product<Tile>(task, multiply_halves_by_wgmma_tma<T, a_by_k, b_by_k>,
                         sizeof(WithPlaceToAlign<RingShared<T, a_by_k, b_by_k>>), maps);
  });
}

}  // namespace

void bmm_wgmma_tma(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  y.dtype() == kFloat16 ? wgmma_tma_as<Half>(context, a, b, epilogue, y)
                        : wgmma_tma_as<BFloat16>(context, a, b, epilogue, y);
}

}  // namespace ebb::kernels
