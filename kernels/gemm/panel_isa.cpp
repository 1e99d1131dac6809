// The inner loop of every product on the CPU: a tile of c stays in registers while k goes by. Each step loads a row of
// the panel, two vectors, and multiplies it with an element from each row of a.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "ebb/kernels/cpu/vectors.h"
#include "ebb/kernels/gemm/finished.h"
#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {
namespace {

constexpr int most_rows = this_isa == Isa::avx512 ? 14 : 6;
constexpr std::int64_t terms_per_sum = 384;  // the fewer, the less it errs; the sums of all are added in the cache

/// Stores a tile that reaches beyond c, or that was not finished in registers.
template <class T>
[[gnu::noinline]] void store_part(const PanelProduct<T>& p, const TileEpilogue<T>& epilogue, int rows, T* tile, T* c) {
  for (int r = 0; p.accumulate && r < rows; ++r) {
    for (std::int64_t j = 0; j < p.columns; ++j) tile[r * p.width + j] += c[r * p.c_row + j];
  }
  finish_tile<this_isa>(epilogue, rows, p.columns, tile, p.width, c, p.c_row);
}

/// Sums of whole rows, finished in their registers.
template <class T, int rows, int vectors>
[[gnu::always_inline]] inline void finish_sums(const TileEpilogue<T>& e, std::int64_t c_row,
                                               Vector<T> (&sums)[rows][vectors]) {
  constexpr int width = width_of<T>;
  const auto for_each = [&](auto f) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) f(sums[r][v], r, v);
    }
  };
  if (e.scale != nullptr) for_each([&](Vector<T>& c, int, int v) { c *= load(e.scale + v * width); });
  if (e.shift != nullptr) for_each([&](Vector<T>& c, int, int v) { c += load(e.shift + v * width); });
  if (e.residual != nullptr)
    for_each([&](Vector<T>& c, int r, int v) { c += load(e.residual + r * c_row + v * width); });
  if (e.relu) for_each([&](Vector<T>& c, int, int) { c = c < Vector<T>{} ? Vector<T>{} : c; });
}

/// The sums of `rows` rows of c. With by_rows, elements of a row of a are adjacent, otherwise those of a column. For
/// each term a line of the next panel is fetched into the second cache, `step` elements after the last one.
template <bool by_rows, class T, int rows, int vectors>
[[gnu::always_inline]] inline void sum_terms(const PanelProduct<T>& p, const T* a, const T* next, std::int64_t step,
                                             Vector<T> (&sums)[rows][vectors]) {
  constexpr int width = width_of<T>;
  const std::int64_t row_stride = p.a_row, column_stride = p.a_column == 0 ? rows : p.a_column;
  const T* b = p.panel;
  alignas(vector_bytes) T earlier[rows * vectors * width];
  const auto for_each = [&](auto f) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) f(sums[r][v], earlier + (r * vectors + v) * width);
    }
  };
  bool has_earlier = false;
  for (std::int64_t first = 0, run = 0, summed = 0; first < p.k; first += p.terms.length, ++run) {
    const T* column = a + p.terms.offsets[run];
    // Three rows share a base, from which x86 reaches them by the index 0, 1 and 2 times the stride.
    const T* bases[(rows + 2) / 3];
    for (int i = 0; i < (rows + 2) / 3; ++i) bases[i] = column + 3 * i * row_stride;
    for (std::int64_t k = 0; k < p.terms.length;) {
      if (summed >= terms_per_sum) {
        if (!has_earlier) std::memset(earlier, 0, sizeof earlier);
        for_each([](Vector<T>& sum, T* all) {
          store(all, load(all) + sum);
          sum = Vector<T>{};
        });
        has_earlier = true;
        summed = 0;
      }
      const std::int64_t end = std::min(p.terms.length, k + terms_per_sum);
      summed += end - k;
      for (; k < end; ++k, b += vectors * width, next += step) {
        __builtin_prefetch(next, 0, 2);
        Vector<T> row[vectors];
        for (int v = 0; v < vectors; ++v) row[v] = load(b + v * width);
#pragma GCC unroll 16
        for (int r = 0; r < rows; ++r) {
          const T x = by_rows ? bases[r / 3][k + r % 3 * row_stride] : column[r];
          for (int v = 0; v < vectors; ++v) sums[r][v] += x * row[v];
        }
        if (!by_rows) column += column_stride;
      }
    }
  }
  if (has_earlier) for_each([](Vector<T>& sum, const T* all) { sum += load(all); });
}

/// `rows` rows of c.
template <class T, int rows, int vectors, bool by_rows>
void multiply_tile(const PanelProduct<T>& p, const T* a, T* c, const T* next, std::int64_t step) {
  constexpr int width = width_of<T>;
  Vector<T> sums[rows][vectors] = {};
  sum_terms<by_rows>(p, a, next, step, sums);
  constexpr bool finishes = by_rows && vectors == 2;  // of the others there are few, and each would be larger
  const TileEpilogue<T> epilogue = p.epilogue.from(c - p.c, 0);
  const bool whole = p.columns == p.width && (finishes || epilogue.is_empty());
  alignas(vector_bytes) T tile[rows * vectors * width];
  T* to = whole ? c : tile;
  const std::int64_t to_row = whole ? p.c_row : vectors * width;
  if (p.accumulate && whole) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) sums[r][v] += load(c + r * p.c_row + v * width);
    }
  }
  if (finishes && whole) finish_sums<T, rows, vectors>(epilogue, p.c_row, sums);
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
    for (int v = 0; v < vectors; ++v) store(to + r * to_row + v * width, sums[r][v]);
  }
  if (!whole) store_part(p, epilogue, rows, tile, c);
}

/// Heights that tiles have: any of float, few of double, for the size of the library.
template <class T>
constexpr bool has_height(std::int64_t rows) {
  return sizeof(T) == 4 || rows == most_rows || rows == 4 || rows == 2 || rows == 1;
}

template <class T>
using Tile = void (*)(const PanelProduct<T>&, const T* a, T* c, const T* next, std::int64_t step);

template <class T, int rows, int vectors, bool by_rows>
constexpr Tile<T> tile_of() {
  if constexpr (has_height<T>(rows)) {
    return multiply_tile<T, rows, vectors, by_rows>;
  } else {
    return nullptr;
  }
}

template <class T, int vectors, bool by_rows, int... i>
constexpr std::array<Tile<T>, most_rows> tiles_of(std::integer_sequence<int, i...>) {
  return {tile_of<T, i + 1, vectors, by_rows>()...};
}

/// By the number of rows less one.
template <class T, int vectors, bool by_rows>
constexpr std::array tiles = tiles_of<T, vectors, by_rows>(std::make_integer_sequence<int, most_rows>());

/// Calls `body(first row, rows)` for each tile: where there are all heights, of about the same, none of them low.
template <class T, class Body>
void for_each_tile(std::int64_t rows, Body&& body) {
  for (std::int64_t row = 0; row < rows;) {
    const std::int64_t left = rows - row;
    std::int64_t height = left / ((left + most_rows - 1) / most_rows);
    if (!has_height<T>(height)) height = left >= most_rows ? most_rows : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    body(row, height);
    row += height;
  }
}

/// What the tile that begins with row `first` will be finished with.
template <class T>
void fetch_residual(const PanelProduct<T>& p, std::int64_t first) {
  if (p.epilogue.residual == nullptr) return;
  for (std::int64_t row = first; row < std::min<std::int64_t>(first + most_rows, p.rows); ++row) {
    __builtin_prefetch(p.epilogue.residual + row * p.c_row);
  }
}

}  // namespace

template <Isa, class T>
void multiply_panel(const PanelProduct<T>& p) {
  const bool by_rows = p.a_column == 1, wide = p.width > width_of<T>;
  const auto& of_rows =
      wide ? (by_rows ? tiles<T, 2, true> : tiles<T, 2, false>) : (by_rows ? tiles<T, 1, true> : tiles<T, 1, false>);
  const T* next = p.next_panel;
  const std::int64_t step = parts(p.width, parts(p.rows, most_rows));  // of each tile a part of the panel
  for_each_tile<T>(p.rows, [&](std::int64_t row, std::int64_t rows) {
    fetch_residual(p, row + rows);
    of_rows[static_cast<std::size_t>(rows - 1)](p, p.a + row * (p.a_column == 0 ? p.k : p.a_row), p.c + row * p.c_row,
                                                next, step);
    next += p.k * step;
  });
}

template <Isa, class T>
void pack_tiles(const T* a, std::int64_t column, std::int64_t rows, std::int64_t k, T* tiles) {
  constexpr std::int64_t piece = most_rows > 8 ? 8 : 4;  // two of them, which may overlap, are a column
  for_each_tile<T>(rows, [&](std::int64_t row, std::int64_t height) {
    const T* from = a + row;
    for (std::int64_t p = 0; p < k; ++p, from += column, tiles += height) {
      if (height >= piece) {
        std::memcpy(tiles, from, piece * sizeof(T));
        std::memcpy(tiles + height - piece, from + height - piece, piece * sizeof(T));
      } else {
        for (std::int64_t r = 0; r < height; ++r) tiles[r] = from[r];
      }
    }
  });
}

template void pack_tiles<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void pack_tiles<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t, double*);
template void multiply_panel<this_isa>(const PanelProduct<float>&);
template void multiply_panel<this_isa>(const PanelProduct<double>&);

}  // namespace ebb::kernels
