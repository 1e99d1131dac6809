// y[i] = a[i] b[i] by tiles in shared memory.
#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/matmul/gemm_tile.cuh"

namespace ebb::kernels {
namespace {

/// One block per tile of y, and of every gridDim.z-th matrix. While one stage of shared memory is multiplied, the next
/// elements are on their way from global memory into registers.
template <class T, int groups, FactorLayout a_layout, FactorLayout b_layout>
__global__ void __launch_bounds__(gemm_threads, a_layout == FactorLayout::any ? 1 : 2)
    multiply_tiles(Factor<T> a, Factor<T> b, std::int64_t batch, std::int64_t row_tiles, T* y, bool store_vectors) {
  using Tile = GemmTile<T, groups>;
  auto& shared = block_shared<typename Tile::Stages>();
  const int thread = static_cast<int>(threadIdx.x), row = thread / gemm_side, column = thread % gemm_side;
  const std::int64_t first_row = blockIdx.x % row_tiles * Tile::width,
                     first_column = blockIdx.x / row_tiles * Tile::width;
  for (std::int64_t matrix = blockIdx.z; matrix < batch; matrix += gridDim.z) {
    TileLoader<T, groups, a_layout> load_a(a, first_row, matrix, thread);
    TileLoader<T, groups, b_layout> load_b(b, first_column, matrix, thread);
    load_a.store(shared.stage[0].a, load_a.next());
    load_b.store(shared.stage[0].b, load_b.next());
    __syncthreads();
    Accumulator<T, groups> sums;
    int current = 0;
    for (int k_left = static_cast<int>(a.k); k_left > 0; k_left -= Tile::depth) {
      const auto next_a = load_a.next(), next_b = load_b.next();
      sums.add(shared.stage[current], row, column);
      current = 1 - current;
      load_a.store(shared.stage[current].a, next_a);
      load_b.store(shared.stage[current].b, next_b);
      __syncthreads();
    }
    sums.store(y + matrix * a.outer * b.outer, a.outer, b.outer, first_row + row * 4, first_column + column * 4,
               store_vectors);
    __syncthreads();
  }
}

/// A layout that may be read by fours: where addresses, sizes and strides are multiples of four elements.
template <class T>
FactorLayout layout_of(const Factor<T>& f) {
  const auto by_fours = [&](std::int64_t size, std::int64_t other_stride) {
    return is_aligned<4>(f.data) && size % 4 == 0 && other_stride % 4 == 0 && f.batch_stride % 4 == 0;
  };
  if (f.k_stride == 1 && by_fours(f.k, f.outer_stride)) return FactorLayout::k_is_unit;
  if (f.outer_stride == 1 && by_fours(f.outer, f.k_stride)) return FactorLayout::outer_is_unit;
  return FactorLayout::any;
}

template <class T, int groups>
void launch_tiled(CudaContext& context, const Factor<T>& a, const Factor<T>& b, std::int64_t batch, T* y) {
  constexpr auto by_k = FactorLayout::k_is_unit, by_outer = FactorLayout::outer_is_unit, any = FactorLayout::any;
  constexpr int width = GemmTile<T, groups>::width;
  check(a.k <= INT32_MAX, "needs inner sizes below 2^31, got ", a.k);
  const std::int64_t row_tiles = (a.outer + width - 1) / width, column_tiles = (b.outer + width - 1) / width;
  const auto matrices = static_cast<unsigned>(std::min<std::int64_t>(batch, 65535));
  const LaunchSize size{dim3(grid_size(row_tiles * column_tiles), 1, matrices), dim3(gemm_threads)};
  const bool store_vectors = b.outer % 4 == 0 && is_aligned<4>(y);
  const auto start = [&](auto kernel) { launch(context, kernel, size, a, b, batch, row_tiles, y, store_vectors); };
  const FactorLayout a_layout = layout_of(a), b_layout = layout_of(b);
  if (a_layout == any || b_layout == any) return start(multiply_tiles<T, groups, any, any>);
  if (a_layout == by_k) {
    return b_layout == by_k ? start(multiply_tiles<T, groups, by_k, by_k>)
                            : start(multiply_tiles<T, groups, by_k, by_outer>);
  }
  return b_layout == by_k ? start(multiply_tiles<T, groups, by_outer, by_k>)
                          : start(multiply_tiles<T, groups, by_outer, by_outer>);
}

/// Whether tiles of 128 x 128 fill the results and the GPU.
template <class T>
bool large_tiles_fit(const CudaContext& context, const Factor<T>& a, const Factor<T>& b, std::int64_t batch) {
  const std::int64_t tiles = ((a.outer + 127) / 128) * ((b.outer + 127) / 128) * batch;
  return a.outer > 64 && b.outer > 64 && tiles >= context.multiprocessors();
}

template <class T>
void bmm_tiled_as(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  const auto left = factor<T>(a, 1, 2), right = factor<T>(b, 2, 1);
  if constexpr (std::is_same_v<T, float>) {  // 8 x 8 doubles would not fit the registers
    if (large_tiles_fit(context, left, right, y.size(0))) {
      return launch_tiled<T, 2>(context, left, right, y.size(0), y.data<T>());
    }
  }
  launch_tiled<T, 1>(context, left, right, y.size(0), y.data<T>());
}

}  // namespace

void bmm_tiled(CudaContext& context, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_float(y.dtype(), [&]<class T>() { bmm_tiled_as<T>(context, a, b, y); });
}

}  // namespace ebb::kernels
