// y[i] = a[i] b[i] of floats by tensor cores.
#include <algorithm>
#include <cmath>

#include "ebb/core/backends/backends.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/epilogue.cuh"
#include "ebb/kernels/matmul/mma_tile.cuh"

namespace ebb::kernels {
namespace {

/// What of the product a block computes: tile blockIdx.x of every gridDim.z-th matrix, over part blockIdx.y of k.
struct MmaGrid {
  std::int64_t batch, row_tiles, k_per_split;
};

template <class Tile, bool a_by_k, bool b_by_k>
struct MmaStages {
  struct Stage {
    Panel<Tile::rows, Tile::depth, a_by_k> a;
    Panel<Tile::columns, Tile::depth, b_by_k> b;
  };
  Stage stage[Tile::stages];
};

struct MatrixPlace {
  std::int64_t row, column;
};

/// Where the results of a lane go: to places 8 rows or 8 columns apart, two neighbours at a time.
template <class Tile>
struct Results {
  MatrixPlace first;
  std::int64_t rows, columns, first_element;  // of y

  /// Of result i, in the order (warp_rows / 8, warp_columns / 8, 2).
  __device__ MatrixPlace place(int i) const {
    constexpr int across = Tile::warp_columns / 8;
    return {first.row + i / (2 * across) * 8, first.column + i / 2 % across * 8 + i % 2};
  }
};

/// Returns a bit for each of the results that is infinite or no number.
template <class Tile, MmaTerms terms>
__device__ std::uint64_t store(const Results<Tile>& results, const WarpSums<Tile, terms>& sums,
                               const EpilogueOf<float>& epilogue, float* y) {
  const bool pairs = results.columns % 2 == 0;
  std::uint64_t no_numbers = 0;
  static_assert(Tile::warp_rows * Tile::warp_columns / warp_size <= 64);
#pragma unroll
  for (int i = 0; i < Tile::warp_rows * Tile::warp_columns / warp_size; i += 2) {
    const MatrixPlace at = results.place(i);
    if (at.row >= results.rows || at.column >= results.columns) continue;
    const std::int64_t to = results.first_element + at.row * results.columns + at.column;
    const bool has_second = at.column + 1 < results.columns;
    constexpr int across = Tile::warp_columns / 8;
    const float* of = &sums.value[i / (4 * across)][i / 2 % across][i / (2 * across) % 2 * 2];
    Packet<float, 2> two{{of[0], has_second ? of[1] : 0}};
    if (!std::isfinite(two.element[0])) no_numbers |= std::uint64_t{1} << i;
    if (!std::isfinite(two.element[1])) no_numbers |= std::uint64_t{2} << i;
    two.element[0] = epilogue(two.element[0], at.column, to);
    if (has_second) two.element[1] = epilogue(two.element[1], at.column + 1, to + 1);
    if (pairs) {
      store_packet(y + to, two);
    } else {
      y[to] = two.element[0];
      if (has_second) y[to + 1] = two.element[1];
    }
  }
  return no_numbers;
}

struct Part {
  std::int64_t matrix, first_k, end_k;
};

/// The results of `which`, again: an infinity has no rest, and what it is multiplied with may be 0.
template <class Tile>
__device__ void multiply_plainly(const Results<Tile>& results, std::uint64_t which, const Factor<float>& a,
                                 const Factor<float>& b, const Part& part, const EpilogueOf<float>& epilogue,
                                 float* y) {
#pragma unroll 1
  for (int i = 0; which != 0; ++i, which >>= 1) {
    if ((which & 1) == 0) continue;
    const MatrixPlace at = results.place(i);
    const float* left = a.data + part.matrix * a.batch_stride + at.row * a.outer_stride;
    const float* right = b.data + part.matrix * b.batch_stride + at.column * b.outer_stride;
    float sum = 0;
#pragma unroll 1
    for (std::int64_t k = part.first_k; k < part.end_k; ++k) sum += left[k * a.k_stride] * right[k * b.k_stride];
    const std::int64_t to = results.first_element + at.row * results.columns + at.column;
    y[to] = epilogue(sum, at.column, to);
  }
}

template <class Tile, bool a_by_k, bool b_by_k, int width, MmaTerms terms>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks)
    multiply_by_mma(Factor<float> a, Factor<float> b, MmaGrid grid, EpilogueOf<float> epilogue, float* y) {
  auto& shared = dynamic_shared<MmaStages<Tile, a_by_k, b_by_k>>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % warp_size, warp = thread / warp_size;
  const int warp_row = warp % Tile::warps_down * Tile::warp_rows,
            warp_column = warp / Tile::warps_down * Tile::warp_columns;
  const std::int64_t first_row = blockIdx.x % grid.row_tiles * Tile::rows,
                     first_column = blockIdx.x / grid.row_tiles * Tile::columns,
                     first_k = blockIdx.y * grid.k_per_split, end_k = min(a.k, first_k + grid.k_per_split);
  const auto panels = static_cast<int>((end_k - first_k + Tile::depth - 1) / Tile::depth);
  for (std::int64_t matrix = blockIdx.z; matrix < grid.batch; matrix += gridDim.z) {
    PanelLoader<Tile::rows, Tile::depth, a_by_k, Tile::threads, width> load_a(a, matrix, first_row, first_k, end_k,
                                                                              thread);
    PanelLoader<Tile::columns, Tile::depth, b_by_k, Tile::threads, width> load_b(b, matrix, first_column, first_k,
                                                                                 end_k, thread);
    const auto load = [&](int panel) {
      if (panel < panels) {
        load_a.load(shared.stage[panel % Tile::stages].a);
        load_b.load(shared.stage[panel % Tile::stages].b);
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
      sums.add(stage.a, stage.b, warp_row, warp_column, lane);
    }
    __syncthreads();

    const Results<Tile> results{{first_row + warp_row + lane / 4, first_column + warp_column + lane % 4 * 2},
                                a.outer,
                                b.outer,
                                (blockIdx.y * grid.batch + matrix) * a.outer * b.outer};
    const std::uint64_t no_numbers = store(results, sums, epilogue, y);
    if constexpr (terms == MmaTerms::three) {
      multiply_plainly(results, no_numbers, a, b, {matrix, first_k, end_k}, epilogue, y);
    }
  }
}

/// y = the sum of the parts that each have `count` elements, in their order.
__global__ void add_parts(const float* parts, int splits, std::int64_t count, std::int64_t columns,
                          EpilogueOf<float> epilogue, float* y) {
  const std::int64_t i = thread_index();
  if (i >= count) return;
  float sum = parts[i];
#pragma unroll 4
  for (int s = 1; s < splits; ++s) sum += parts[s * count + i];
  y[i] = epilogue(sum, i % columns, i);
}

struct Product {
  Factor<float> a, b;
  std::int64_t batch;
  MmaTerms terms;
};

/// How a product is cut into blocks.
struct MmaPlan {
  int tile = 0;
  std::int64_t splits = 1;
  double cost = 0;
};

using LargeTile = MmaTile<128, 128, 16, 64, 32, 3, 8, 1>;
using MediumTile = MmaTile<64, 64, 16, 32, 32, 3, 8, 3>;
using SmallTile = MmaTile<32, 32, 32, 16, 16, 2, 8, 4>;

/// In multiply-adds of the busiest multiprocessor, as if it multiplied with all of its speed.
template <class Tile>
MmaPlan plan_of(const CudaContext& context, const Product& p, int tile, double efficiency) {
  const std::int64_t blocks =
      (p.a.outer + Tile::rows - 1) / Tile::rows * ((p.b.outer + Tile::columns - 1) / Tile::columns) * p.batch;
  const std::int64_t busy = context.multiprocessors() * 2, least_k = 256;  // fewer do not pay for another launch
  MmaPlan plan{.tile = tile};
  plan.splits = std::clamp<std::int64_t>(std::min(busy / blocks, p.a.k / least_k), 1, 256);
  const std::int64_t rounds = (blocks * plan.splits + context.multiprocessors() - 1) / context.multiprocessors();
  const double start = 64 + (plan.splits > 1 ? 64 : 0);  // of a block, as if k were longer
  plan.cost = static_cast<double>(rounds * Tile::rows * Tile::columns) *
              (static_cast<double>(p.a.k / plan.splits) + start) / efficiency;
  return plan;
}

/// Whether copies of 16 bytes may be made of the lines of a factor.
bool has_aligned_lines(const Factor<float>& f, bool by_k) {
  const std::int64_t line = by_k ? f.outer_stride : f.k_stride;
  return is_aligned<4>(f.data) && line % 4 == 0 && f.batch_stride % 4 == 0 && (by_k ? f.k_stride : f.outer_stride) == 1;
}

template <class Tile, bool a_by_k, bool b_by_k, int width, MmaTerms terms>
void launch_mma(CudaContext& context, const Product& p, std::int64_t splits, const Epilogue& epilogue, Tensor& y) {
  const std::int64_t row_tiles = (p.a.outer + Tile::rows - 1) / Tile::rows,
                     column_tiles = (p.b.outer + Tile::columns - 1) / Tile::columns;
  const std::int64_t panels = (p.a.k + Tile::depth - 1) / Tile::depth;
  const MmaGrid grid{p.batch, row_tiles, (panels + splits - 1) / splits * Tile::depth};
  const std::int64_t parts = (p.a.k + grid.k_per_split - 1) / grid.k_per_split;
  Tensor scratch;
  float* to = y.data<float>();
  if (parts > 1) {
    scratch = allocate({parts * y.numel()}, kFloat32, context.device());
    to = scratch.data<float>();
  }
  const LaunchSize size{dim3(grid_size(row_tiles * column_tiles), static_cast<unsigned>(parts),
                             static_cast<unsigned>(std::min<std::int64_t>(p.batch, 65535))),
                        dim3(Tile::threads), sizeof(MmaStages<Tile, a_by_k, b_by_k>)};
  launch(context, multiply_by_mma<Tile, a_by_k, b_by_k, width, terms>, size, p.a, p.b, grid,
         EpilogueOf<float>(parts > 1 ? Epilogue{} : epilogue), to);
  if (parts > 1) {
    launch(context, add_parts, threads_for(y.numel()), to, static_cast<int>(parts), y.numel(), y.size(2),
           EpilogueOf<float>(epilogue), y.data<float>());
  }
}

template <class Tile>
void launch_tile(CudaContext& context, const Product& p, std::int64_t splits, const Epilogue& epilogue, Tensor& y) {
  const auto by_k = [](const Factor<float>& f) { return std::abs(f.k_stride) <= std::abs(f.outer_stride); };
  const bool a_by_k = by_k(p.a), b_by_k = by_k(p.b);
  const bool fours = has_aligned_lines(p.a, a_by_k) && has_aligned_lines(p.b, b_by_k);
  const auto with_terms = [&]<bool left_by_k, bool right_by_k, int width>() {
    if (p.terms == MmaTerms::one) {
      launch_mma<Tile, left_by_k, right_by_k, width, MmaTerms::one>(context, p, splits, epilogue, y);
    } else {
      launch_mma<Tile, left_by_k, right_by_k, width, MmaTerms::three>(context, p, splits, epilogue, y);
    }
  };
  const auto with_width = [&]<bool left_by_k, bool right_by_k>() {
    fours ? with_terms.template operator()<left_by_k, right_by_k, 4>()
          : with_terms.template operator()<left_by_k, right_by_k, 1>();
  };
  if (a_by_k) {
    b_by_k ? with_width.template operator()<true, true>() : with_width.template operator()<true, false>();
  } else {
    b_by_k ? with_width.template operator()<false, true>() : with_width.template operator()<false, false>();
  }
}

}  // namespace

void bmm_mma(CudaContext& context, const Tensor& a, const Tensor& b, const Epilogue& epilogue, Tensor& y) {
  const bool rounds = backends::cuda.matmul.allow_tf32;
  const Product p{factor<float>(a, 1, 2), factor<float>(b, 2, 1), y.size(0), rounds ? MmaTerms::one : MmaTerms::three};
  const MmaPlan plans[] = {plan_of<LargeTile>(context, p, 0, 1), plan_of<MediumTile>(context, p, 1, 0.75),
                           plan_of<SmallTile>(context, p, 2, 0.4)};
  const MmaPlan& best = *std::min_element(std::begin(plans), std::end(plans),
                                          [](const MmaPlan& l, const MmaPlan& r) { return l.cost < r.cost; });
  if (best.tile == 0) return launch_tile<LargeTile>(context, p, best.splits, epilogue, y);
  if (best.tile == 1) return launch_tile<MediumTile>(context, p, best.splits, epilogue, y);
  launch_tile<SmallTile>(context, p, best.splits, epilogue, y);
}

}  // namespace ebb::kernels
