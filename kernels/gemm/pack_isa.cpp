// Columns of a matrix become a panel, so that the product reads it from its beginning to its end.
#include "ebb/kernels/cpu/transpose_square.h"
#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {
namespace {

/// For any strides: the rows (h, i, j) with j from `first` on, columns `begin` to `end`.
template <class T>
void pack_elements(const PanelSource<T>& s, std::int64_t first, std::int64_t begin, std::int64_t end,
                   std::int64_t width, T* panel) {
  const std::int64_t outer = s.sizes[0] * s.sizes[1], inner = s.sizes[2];
  for (std::int64_t j = first; j < inner; ++j) {
    for (std::int64_t hi = 0; hi < outer; ++hi) {
      T* to = panel + (hi * inner + j) * width;
      const T* from = s.b + hi / s.sizes[1] * s.strides[0] + hi % s.sizes[1] * s.strides[1] + j * s.strides[2];
      for (std::int64_t c = begin; c < end; ++c) to[c] = from[c * s.column];
    }
  }
}

/// Does each column lie in one piece, (j, i) in memory?
template <class T>
bool has_adjacent_rows(const PanelSource<T>& s) {
  return s.column != 1 && s.sizes[0] == 1 && s.strides[2] == s.sizes[1] && (s.sizes[1] == 1 || s.strides[1] == 1);
}

/// A source that has: squares of a vector's width, transposed.
template <class T>
void pack_columns(const PanelSource<T>& s, std::int64_t width, T* panel) {
  constexpr std::int64_t lanes = width_of<T>;
  const std::int64_t outer = s.sizes[1], inner = s.sizes[2], in_squares = inner / lanes * lanes * outer;
  for (std::int64_t c = 0; c < s.columns; c += lanes) {
    const bool whole = c + lanes <= s.columns;
    std::int64_t i = 0, j = 0;
    for (std::int64_t p = 0; whole && p < in_squares; p += lanes) {
      Vector<T> square[lanes];
      for (std::int64_t lane = 0; lane < lanes; ++lane) square[lane] = load(s.b + p + (c + lane) * s.column);
      transpose<T>(square);
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        store(panel + (i * inner + j) * width + c, square[lane]);
        if (++i == outer) i = 0, ++j;
      }
    }
    pack_elements(s, j, c, whole ? c + lanes : s.columns, width, panel);
  }
}

template <class T>
void clear_columns(std::int64_t k, std::int64_t first, std::int64_t width, T* panel) {
  if (first == width) return;
  for (std::int64_t p = 0; p < k; ++p) {
    for (std::int64_t j = first; j < width; ++j) panel[p * width + j] = T(0);
  }
}

}  // namespace

template <Isa, class T>
void pack_panel(const PanelSource<T>& s, std::int64_t width, T* panel) {
  if (has_adjacent_rows(s)) {
    pack_columns(s, width, panel);
  } else {
    pack_elements(s, 0, 0, s.columns, width, panel);
  }
  clear_columns(s.k(), s.columns, width, panel);
}

template <Isa, class T>
void pack_rows(const T* b, std::int64_t row, std::int64_t columns, std::int64_t k, std::int64_t begin, std::int64_t end,
               T* panels) {
  constexpr std::int64_t lanes = width_of<T>, wide = 2 * lanes;
  for (std::int64_t i = begin; i < end; ++i) {
    const T* from = b + i * row;
    std::int64_t column = 0;
    for (; column + wide <= columns; column += wide) {
      T* to = panels + column * k + i * wide;
      store(to, load(from + column));
      store(to + lanes, load(from + column + lanes));
    }
    if (column == columns) continue;
    const std::int64_t left = columns - column, width = left <= lanes ? lanes : wide;
    T* to = panels + column * k + i * width;
    for (std::int64_t j = 0; j < width; ++j) to[j] = j < left ? from[column + j] : T(0);
  }
}

template void pack_rows<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                  float*);
template void pack_rows<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                  double*);
template void pack_panel<this_isa>(const PanelSource<float>&, std::int64_t, float*);
template void pack_panel<this_isa>(const PanelSource<double>&, std::int64_t, double*);

}  // namespace ebb::kernels
