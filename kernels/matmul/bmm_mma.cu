// y[i] = a[i] b[i] of floats by tensor cores, with the instructions that GPUs have had since sm_80.
#include <algorithm>

#include "ebb/core/backends/backends.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/mma_tile.cuh"
#include "ebb/kernels/matmul/panel.cuh"
#include "ebb/kernels/matmul/product_parts.h"
#include "ebb/kernels/matmul/product_tile.cuh"

namespace ebb::kernels {
namespace {

template <class Tile, bool a_by_k, bool b_by_k>
struct MmaStages {
  struct Stage {
    Panel<Tile::rows, Tile::depth, a_by_k> a;
    Panel<Tile::columns, Tile::depth, b_by_k> b;
  };
  Stage stage[Tile::stages];
};

template <class Tile, bool a_by_k, bool b_by_k, bool shifted, MmaTerms terms>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks)
    multiply_by_mma(Factor<float> a, Factor<float> b, ProductGrid grid, EpilogueOf<float> epilogue, float* y) {
  auto& shared = dynamic_shared<MmaStages<Tile, a_by_k, b_by_k>>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, warp = thread / warp_size;
  const int warp_row = warp % Tile::warps_down * Tile::warp_rows,
            warp_column = warp / Tile::warps_down * Tile::warp_columns;
  const std::int64_t first_row = blockIdx.x % grid.row_tiles * Tile::rows,
                     first_column = blockIdx.x / grid.row_tiles * Tile::columns,
                     first_k = blockIdx.y * grid.k_per_split, end_k = min(a.k, first_k + grid.k_per_split);
  const auto panels = static_cast<int>((end_k - first_k + Tile::depth - 1) / Tile::depth);
  for (std::int64_t matrix = blockIdx.z; matrix < grid.batch; matrix += gridDim.z) {
    PanelLoader<Tile::rows, Tile::depth, a_by_k, Tile::threads, shifted> load_a(a, matrix, first_row, first_k, end_k);
    PanelLoader<Tile::columns, Tile::depth, b_by_k, Tile::threads, shifted> load_b(b, matrix, first_column, first_k,
                                                                                   end_k);
    // Lines 4 apart are shifted alike.
    const int a_shift = load_a.shift(a).of(a_by_k ? lane / 4 : lane % 4),
              b_shift = load_b.shift(b).of(b_by_k ? lane / 4 : lane % 4);
    const auto load = [&](int panel) {
      if (panel < panels) {
        load_a.load(a, shared.stage[panel % Tile::stages].a);
        load_b.load(b, shared.stage[panel % Tile::stages].b);
      }
      end_copy_group();
    };
    for (int panel = 0; panel < Tile::stages - 1; ++panel) load(panel);
    WarpSums<Tile, terms> sums;
    for (int panel = 0; panel < panels; ++panel) {
      wait_for_copies<Tile::stages - 2>();
      __syncthreads();  // the copies of all threads are there, and the stage that is loaded next has been read
      load(panel + Tile::stages - 1);
      const auto& stage = shared.stage[panel % Tile::stages];
      sums.add(stage.a, a_shift, stage.b, b_shift, warp_row, warp_column, lane);
    }
    __syncthreads();

    const Results<Tile> results{{first_row + warp_row + lane / 4, first_column + warp_column + lane % 4 * 2},
                                a.outer,
                                b.outer,
                                (blockIdx.y * grid.batch + matrix) * a.outer * b.outer};
    const std::uint64_t no_numbers = store(results, sums.value, epilogue, y);
    if constexpr (terms == MmaTerms::three) {
      multiply_plainly(results, no_numbers, a, b, {matrix, first_k, end_k}, epilogue, y);
    }
  }
}

using LargeTile = MmaTile<128, 64, 16, 64, 32, 4, 8, 2>;
using MediumTile = MmaTile<64, 64, 32, 32, 32, 3, 8, 3>;
using SmallTile = MmaTile<32, 32, 32, 16, 16, 2, 8, 4>;

struct Task {
  CudaContext& context;
  const Product& product;
  MmaTerms terms;
  std::int64_t splits;
  const Epilogue& epilogue;
  Tensor& y;
};

template <class Tile, bool a_by_k, bool b_by_k, bool shifted, MmaTerms terms>
void launch_mma(const Task& task) {
  const auto &a = task.product.a, &b = task.product.b;
  const std::int64_t row_tiles = (a.outer + Tile::rows - 1) / Tile::rows,
                     column_tiles = (b.outer + Tile::columns - 1) / Tile::columns;
  ProductParts parts(task.context, task.product, task.splits, Tile::depth, task.epilogue, task.y);
  const LaunchSize size{dim3(grid_size(row_tiles * column_tiles), static_cast<unsigned>(parts.count()),
                             static_cast<unsigned>(std::min<std::int64_t>(task.product.batch, 65535))),
                        dim3(Tile::threads), sizeof(MmaStages<Tile, a_by_k, b_by_k>)};
  launch(task.context, multiply_by_mma<Tile, a_by_k, b_by_k, shifted, terms>, size, a, b,
         ProductGrid{task.product.batch, row_tiles, parts.k_per_part()}, EpilogueOf<float>(parts.epilogue()),
         parts.data());
  parts.finish();
}

template <class Tile>
void launch_tile(const Task& task) {
  visit_layout(task.product, [&]<bool a_by_k, bool b_by_k, bool shifted>() {
    task.terms == MmaTerms::one ? launch_mma<Tile, a_by_k, b_by_k, shifted, MmaTerms::one>(task)
                                : launch_mma<Tile, a_by_k, b_by_k, shifted, MmaTerms::three>(task);
  });
}

struct Choices {
  ProductCut of_tile[3];

  Choices(const CudaContext& context, const ProductSizes& sizes)
      : of_tile{cut<LargeTile>(context, sizes, 0.66), cut<MediumTile>(context, sizes, 0.6),
                cut<SmallTile>(context, sizes, 0.4)} {}

  template <class Tile>
  static ProductCut cut(const CudaContext& context, const ProductSizes& sizes, double speed) {
    return cut_of(context, sizes, Tile::rows, Tile::columns, Tile::blocks, speed);
  }

  int best() const {
    const auto cheaper = [](const ProductCut& l, const ProductCut& r) { return l.cost < r.cost; };
    return static_cast<int>(std::min_element(std::begin(of_tile), std::end(of_tile), cheaper) - of_tile);
  }
};

}  // namespace

double mma_cost(const CudaContext& context, const Tensor& a, const Tensor& b) {
  const Choices choices(context, {a, b});
  return choices.of_tile[choices.best()].cost;
}

void bmm_mma(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const Product p(context, a, b);
  const Choices choices(context, {a, b});
  const int best = choices.best();
  const MmaTerms terms = backends::cuda.matmul.allow_tf32 ? MmaTerms::one : MmaTerms::three;
  const Task task{context, p, terms, choices.of_tile[best].splits, epilogue, y};
  if (best == 0) return launch_tile<LargeTile>(task);
  if (best == 1) return launch_tile<MediumTile>(task);
  launch_tile<SmallTile>(task);
}

}  // namespace ebb::kernels
