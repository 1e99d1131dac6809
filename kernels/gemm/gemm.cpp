#include "ebb/kernels/gemm/gemm.h"

#include <algorithm>

#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/gemm/blocks.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t packed_bytes = 4 << 20;  // of b at a time

/// Groups of columns, each as panels first.
template <class T>
void multiply_packed(const Gemm<T>& g) {
  const TileShape tile = tile_shape<T>();
  const std::int64_t in_scratch = packed_bytes / static_cast<std::int64_t>(sizeof(T)) / g.k / tile.columns;
  const std::int64_t columns = std::min(std::max<std::int64_t>(in_scratch, 4) * tile.columns, g.n);
  static thread_local Scratch scratch;
  T* panels = scratch.of<T>(packed_elements<T>(g.k, columns));
  const StridedRows<T> a{g.a, g.a_row, g.a_column, 0};
  for (std::int64_t first = 0; first < g.n; first += columns) {
    const std::int64_t n = std::min(columns, g.n - first);
    pack_on_threads(panel_source(g.b + first * g.b_column, g.b_row, g.b_column, g.k, n), panels);
    multiply_blocks<T>({.count = 1,
                        .m = g.m,
                        .n = n,
                        .k = g.k,
                        .panels = panels,
                        .panels_stride = 0,
                        .c = g.c + first,
                        .c_row = g.c_row,
                        .c_stride = 0,
                        .epilogue = g.epilogue.from(first, first)},
                       a.rows());
  }
}

}  // namespace

template <class T>
void gemm(const Gemm<T>& g) {
  multiply_packed(g);
}

template <class T>
void gemm_eigen(const Gemm<T>& g) {
  best([]<Isa isa> { return gemm_eigen_of<isa, T>; })(g);
}

template void gemm(const Gemm<float>&);
template void gemm(const Gemm<double>&);
template void gemm_eigen(const Gemm<float>&);
template void gemm_eigen(const Gemm<double>&);

}  // namespace ebb::kernels
