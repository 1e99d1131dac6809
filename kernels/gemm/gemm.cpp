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
  T* panels = scratch<T>(Scratch::panels, packed_elements<T>(g.k, columns));
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

/// c from its transpose, with the epilogue.
template <class T>
void store_transposed(const Gemm<T>& g, const T* transposed) {
  const TileEpilogue<T>& e = g.epilogue;
  for (std::int64_t i = 0; i < g.m; ++i) {
    T* c = g.c + i * g.c_row;
    for (std::int64_t j = 0; j < g.n; ++j) {
      T value = transposed[j * g.m + i];
      if (e.scale != nullptr) value *= e.scale[j];
      if (e.shift != nullptr) value += e.shift[j];
      if (e.residual != nullptr) value += e.residual[i * g.c_row + j];
      c[j] = e.relu && value < T(0) ? T(0) : value;
    }
  }
}

/// c^T = b^T a^T, for few rows of a and columns of b that lie in one piece each: b is read once, as it lies.
template <class T>
void multiply_transposed(const Gemm<T>& g) {
  T* panels = scratch<T>(Scratch::panels, packed_elements<T>(g.k, g.m));
  T* transposed = scratch<T>(Scratch::result, g.n * g.m);
  pack_on_threads(panel_source(g.a, g.a_column, g.a_row, g.k, g.m), panels);
  const StridedRows<T> rows{g.b, g.b_column, 1, 0};
  multiply_blocks<T>({.count = 1,
                      .m = g.n,
                      .n = g.m,
                      .k = g.k,
                      .panels = panels,
                      .panels_stride = 0,
                      .c = transposed,
                      .c_row = g.m,
                      .c_stride = 0},
                     rows.rows());
  store_transposed(g, transposed);
}

}  // namespace

template <class T>
void gemm(const Gemm<T>& g) {
  const bool is_low = 2 * g.m <= tile_shape<T>().columns;
  if (is_low && g.b_row == 1 && g.b_column >= g.k && g.n > g.m) return multiply_transposed(g);
  multiply_packed(g);
}

template <class T>
void gemm_eigen(const Gemm<T>& g) {
  // None for AVX-512, for the size of the library: what goes this way is small, or waits for memory.
  (isa() == Isa::sse2 ? gemm_eigen_of<Isa::sse2, T> : gemm_eigen_of<Isa::avx2, T>)(g);
}

template void gemm(const Gemm<float>&);
template void gemm(const Gemm<double>&);
template void gemm_eigen(const Gemm<float>&);
template void gemm_eigen(const Gemm<double>&);

}  // namespace ebb::kernels
