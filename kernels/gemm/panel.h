#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/gemm/tile_epilogue.h"

namespace ebb::kernels {

/// Into how many parts of at most `part` a whole is cut.
constexpr std::int64_t parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }

/// A dimension in parts of whole pieces, all of about one size.
struct Split {
  std::int64_t length, piece, parts;

  /// Into no more parts than there are pieces.
  Split(std::int64_t length, std::int64_t piece, std::int64_t wanted)
      : length(length), piece(piece), parts(std::clamp<std::int64_t>(wanted, 1, pieces())) {}

  std::int64_t pieces() const { return kernels::parts(length, piece); }
  std::int64_t begin(std::int64_t part) const { return std::min(pieces() * part / parts * piece, length); }
  std::int64_t size(std::int64_t part) const { return begin(part + 1) - begin(part); }
  std::int64_t most() const { return std::min(kernels::parts(pieces(), parts) * piece, length); }  // of a part
};

/// The tile of a product c = a b that the registers of an instruction set hold: so many rows of c, by the columns of a
/// panel of b. The last panel of a matrix is narrower where half of it would be empty.
struct TileShape {
  int rows, columns;

  std::int64_t panels(std::int64_t n) const { return parts(n, columns); }
  /// Columns that the panel beginning at column `first` of n has room for.
  std::int64_t width(std::int64_t first, std::int64_t n) const {
    return 2 * (n - first) <= columns ? columns / 2 : columns;
  }
};

/// Of the set in use.
template <class T>
TileShape tile_shape() {
  constexpr int per_16_bytes = 16 / sizeof(T);
  switch (isa()) {
    case Isa::avx512:
      return {14, 8 * per_16_bytes};
    case Isa::avx2:
      return {6, 4 * per_16_bytes};
    default:
      return {6, 2 * per_16_bytes};
  }
}

/// A dimension of a matrix in runs, each of `length` elements, which begin `offsets` from where the matrix does.
struct Runs {
  std::int64_t length;
  const std::int64_t* offsets;
};

inline constexpr std::int64_t no_offset = 0;

constexpr Runs one_run(std::int64_t length) { return {length, &no_offset}; }

/// c (rows x columns) = a (rows x k) times a panel of packed columns.
template <class T>
struct PanelProduct {
  std::int64_t rows, columns, k;
  const T* a;
  std::int64_t a_row, a_column;  // strides, of which one is 1; no columns' where a lies in tiles (see pack_tiles)
  Runs terms;                    // of the columns of a
  const T* panel;                // k rows of `width` elements
  std::int64_t width;            // the tile's columns, or half of them
  const T* next_panel;           // what will be read after it, and is fetched meanwhile; no less than k rows
  T* c;
  std::int64_t c_row;
  bool fetches_rows = false;   // of the next tile, which follow those of this one, while this one is made
  bool accumulate = false;     // add to c
  TileEpilogue<T> epilogue{};  // after that
};

template <Isa, class T>
void multiply_panel(const PanelProduct<T>& product);

/// a (rows x k), whose rows are adjacent and whose columns lie `column` apart, in the tiles that multiply_panel will
/// read: of each its k columns, one after the other.
template <Isa, class T>
void pack_tiles(const T* a, std::int64_t column, std::int64_t rows, std::int64_t k, T* tiles);

/// Columns of a matrix b (k x n) that become a panel. Its rows are counted by three indices, so that the terms of a
/// product can come in another order than memory has them in: row (h, i, j) of column c is b[h strides[0] + i
/// strides[1] + j strides[2] + c column].
template <class T>
struct PanelSource {
  const T* b;
  std::array<std::int64_t, 3> sizes, strides;
  std::int64_t column, columns;

  std::int64_t k() const { return sizes[0] * sizes[1] * sizes[2]; }
  /// Are its rows in order, and each in one piece?
  bool has_whole_rows() const { return column == 1 && sizes[0] * sizes[1] == 1; }
  /// The panel that begins with column `first` and has room for `width` columns.
  PanelSource panel(std::int64_t first, std::int64_t width) const {
    const std::int64_t left = columns - first;
    return {b + first * column, sizes, strides, column, left < width ? left : width};
  }
};

/// A matrix whose rows lie in order.
template <class T>
PanelSource<T> panel_source(const T* b, std::int64_t row, std::int64_t column, std::int64_t k, std::int64_t columns) {
  return {b, {1, 1, k}, {0, 0, row}, column, columns};
}

/// `panel` has k rows of `width` elements, those beyond the source's columns become 0.
template <Isa, class T>
void pack_panel(const PanelSource<T>& source, std::int64_t width, T* panel);

/// Rows `begin` to `end` of a matrix whose columns are adjacent and whose rows lie `row` apart, in all its panels of k
/// rows each: memory is read from its beginning to its end.
template <Isa, class T>
void pack_rows(const T* b, std::int64_t row, std::int64_t columns, std::int64_t k, std::int64_t begin, std::int64_t end,
               T* panels);

}  // namespace ebb::kernels
