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

/// Where the next term is: elements of a and a row of the panel. With it go two lines that are fetched, of the next
/// panel into the second cache and of the next tile's rows into the first.
template <class T>
struct Term {
  const T *a, *panel, *next_panel, *next_rows;
  std::int64_t panel_step, rows_step;  // from one term to the next
};

/// Adds `count` terms to the sums of `rows` rows of c. With by_rows, elements of a row of a are adjacent, otherwise
/// those of a column.
template <bool by_rows, class T, int rows, int vectors>
[[gnu::always_inline]] inline void add_terms(std::int64_t count, std::int64_t row_stride, std::int64_t column_stride,
                                             Term<T>& term, Vector<T> (&sums)[rows][vectors]) {
  constexpr int width = width_of<T>;
  Term<T> at = term;
  // Three rows share a base, from which x86 reaches them by the index 0, 1 and 2 times the stride.
  const T* bases[(rows + 2) / 3];
  for (int i = 0; i < (rows + 2) / 3; ++i) bases[i] = at.a + 3 * i * row_stride;
  for (std::int64_t k = 0; k < count; ++k) {
    __builtin_prefetch(at.next_panel, 0, 2);
    __builtin_prefetch(at.next_rows, 0, 3);
    Vector<T> row[vectors];
    for (int v = 0; v < vectors; ++v) row[v] = load(at.panel + v * width);
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      const T x = by_rows ? bases[r / 3][k + r % 3 * row_stride] : at.a[r];
      for (int v = 0; v < vectors; ++v) sums[r][v] += x * row[v];
    }
    if (!by_rows) at.a += column_stride;
    at.panel += vectors * width;
    at.next_panel += at.panel_step;
    at.next_rows += at.rows_step;
  }
  if (by_rows) at.a += count;
  term = at;
}

/// Adds the terms of all runs, so many at a time that the sums err little.
template <bool by_rows, class T, int rows, int vectors>
[[gnu::always_inline]] inline void add_runs(const PanelProduct<T>& p, std::int64_t column_stride, Term<T> term,
                                            Vector<T> (&sums)[rows][vectors]) {
  constexpr int width = width_of<T>;
  alignas(vector_bytes) T earlier[rows * vectors * width];
  const auto for_each = [&](auto f) {
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) f(sums[r][v], earlier + (r * vectors + v) * width);
    }
  };
  const T* const a = term.a;
  bool has_earlier = false;
  for (std::int64_t first = 0, run = 0, summed = 0; first < p.k; first += p.terms.length, ++run) {
    term.a = a + p.terms.offsets[run];
    for (std::int64_t k = 0, count; k < p.terms.length; k += count, summed += count) {
      if (summed >= terms_per_sum) {
        if (!has_earlier) std::memset(earlier, 0, sizeof earlier);
        for_each([](Vector<T>& sum, T* all) {
          store(all, load(all) + sum);
          sum = Vector<T>{};
        });
        has_earlier = true;
        summed = 0;
      }
      count = std::min(p.terms.length - k, terms_per_sum);
      add_terms<by_rows>(count, p.a_row, column_stride, term, sums);
    }
  }
  if (has_earlier) for_each([](Vector<T>& sum, const T* all) { sum += load(all); });
}

/// Tiles of one height, one below the other.
template <class T>
struct TileRun {
  const T* a;
  T* c;
  const T* next_panel;  // a part of it for each tile
  std::int64_t panel_step, count;
};

template <class T, int rows, int vectors, bool by_rows>
void multiply_tiles(const PanelProduct<T>& p, TileRun<T> tiles) {
  constexpr int width = width_of<T>;
  constexpr bool finishes = by_rows && vectors == 2;  // of the others there are few, and each would be larger
  const std::int64_t k = p.k, c_row = p.c_row, a_row = p.a_row, column_stride = p.a_column == 0 ? rows : p.a_column;
  const std::int64_t a_step = rows * (p.a_column == 0 ? k : a_row);
  const bool is_one_sum = p.terms.length == k && k <= terms_per_sum;
  const bool whole = p.columns == p.width && (finishes || p.epilogue.is_empty()), accumulate = p.accumulate;
  TileEpilogue<T> epilogue = p.epilogue.from(tiles.c - p.c, 0);
  T* c = tiles.c;
  Term<T> begin{tiles.a, p.panel, tiles.next_panel, p.panel, tiles.panel_step, 0};
  if (by_rows && p.fetches_rows) begin.next_rows = tiles.a + a_step, begin.rows_step = rows;
  for (std::int64_t i = 0; i < tiles.count; ++i) {
    for (int r = 0; finishes && epilogue.residual != nullptr && r < rows; ++r) {
      __builtin_prefetch(epilogue.residual + (rows + r) * c_row);
    }
    for (int r = 0; accumulate && r < rows; ++r) __builtin_prefetch(c + (rows + r) * c_row);
    Vector<T> sums[rows][vectors] = {};
    if (finishes && is_one_sum) {
      Term<T> term = begin;
      term.a += p.terms.offsets[0];
      add_terms<by_rows>(k, a_row, column_stride, term, sums);
    } else {
      add_runs<by_rows>(p, column_stride, begin, sums);
    }
    alignas(vector_bytes) T tile[rows * vectors * width];
    T* const to = whole ? c : tile;
    const std::int64_t to_row = whole ? c_row : vectors * width;
    if (accumulate && whole) {
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < vectors; ++v) sums[r][v] += load(c + r * c_row + v * width);
      }
    }
    if (finishes && whole) finish_sums<T, rows, vectors>(epilogue, c_row, sums);
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) store(to + r * to_row + v * width, sums[r][v]);
    }
    if (!whole) store_part(p, epilogue, rows, tile, c);
    c += rows * c_row;
    epilogue = epilogue.from(rows * c_row, 0);
    begin.a += a_step;
    begin.next_panel += k * begin.panel_step;
    begin.next_rows += k * begin.rows_step;
  }
}

/// Heights that tiles have: any where speed counts, or few, for the size of the library.
template <class T>
constexpr bool has_height(std::int64_t rows) {
  const bool has_any = sizeof(T) == 4 && this_isa != Isa::sse2;
  return has_any || rows == most_rows || rows == 4 || rows == 2 || rows == 1;
}

template <class T>
using Tiles = void (*)(const PanelProduct<T>&, TileRun<T>);

template <class T, int rows, int vectors, bool by_rows>
constexpr Tiles<T> tile_of() {
  if constexpr (has_height<T>(rows)) {
    return multiply_tiles<T, rows, vectors, by_rows>;
  } else {
    return nullptr;
  }
}

template <class T, int vectors, bool by_rows, int... i>
constexpr std::array<Tiles<T>, most_rows> tiles_of(std::integer_sequence<int, i...>) {
  return {tile_of<T, i + 1, vectors, by_rows>()...};
}

/// By the number of rows less one.
template <class T, int vectors, bool by_rows>
constexpr std::array tiles = tiles_of<T, vectors, by_rows>(std::make_integer_sequence<int, most_rows>());

template <class T>
Tiles<T> tiles_for(const PanelProduct<T>& p, std::int64_t height) {
  const bool by_rows = p.a_column == 1, wide = p.width > width_of<T>;
  const auto& of_heights =
      wide ? (by_rows ? tiles<T, 2, true> : tiles<T, 2, false>) : (by_rows ? tiles<T, 1, true> : tiles<T, 1, false>);
  return of_heights[static_cast<std::size_t>(height - 1)];
}

/// Calls `body(first row, height, count)` for runs of tiles: where there are all heights, of about the same, none of
/// them low.
template <class T, class Body>
void for_each_run(std::int64_t rows, Body&& body) {
  for (std::int64_t row = 0; row < rows;) {
    const std::int64_t left = rows - row, tiles = parts(left, most_rows);
    std::int64_t height = left / tiles, count = tiles - left % tiles;
    if (!has_height<T>(height)) {
      height = left >= most_rows ? most_rows : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      count = left / height;
    }
    body(row, height, count);
    row += height * count;
  }
}

}  // namespace

template <Isa, class T>
void multiply_panel(const PanelProduct<T>& p) {
  const T* next = p.next_panel;
  const std::int64_t step = parts(p.width, parts(p.rows, most_rows));  // of each tile a part of the panel
  for_each_run<T>(p.rows, [&](std::int64_t row, std::int64_t height, std::int64_t count) {
    const T* a = p.a + row * (p.a_column == 0 ? p.k : p.a_row);
    tiles_for(p, height)(p, {a, p.c + row * p.c_row, next, step, count});
    next += p.k * step * count;
  });
}

template <Isa, class T>
void pack_tiles(const T* a, std::int64_t column, std::int64_t rows, std::int64_t k, T* tiles) {
  constexpr std::int64_t piece = most_rows > 8 ? 8 : 4;  // two of them, which may overlap, are a column
  const auto pack = [&](const T* from, std::int64_t height) {
    for (std::int64_t p = 0; p < k; ++p, from += column, tiles += height) {
      if (height >= piece) {
        std::memcpy(tiles, from, piece * sizeof(T));
        std::memcpy(tiles + height - piece, from + height - piece, piece * sizeof(T));
      } else {
        for (std::int64_t r = 0; r < height; ++r) tiles[r] = from[r];
      }
    }
  };
  for_each_run<T>(rows, [&](std::int64_t row, std::int64_t height, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) pack(a + row + i * height, height);
  });
}

template void pack_tiles<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void pack_tiles<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t, double*);
template void multiply_panel<this_isa>(const PanelProduct<float>&);
template void multiply_panel<this_isa>(const PanelProduct<double>&);

}  // namespace ebb::kernels
