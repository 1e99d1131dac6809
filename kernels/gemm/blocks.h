#pragma once

#include <cstdint>

#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {

constexpr std::int64_t terms_per_block = 1024;  // a panel of them is in the second cache

/// Columns that lie farther apart than that are brought together before they are multiplied.
template <class T>
constexpr std::int64_t near_columns = 512 / sizeof(T);

/// A part of a matrix, where it lies: rows and columns are in runs. One of its strides is 1; if it is the rows' and the
/// columns are not near, there is one run of each.
template <class T>
struct Block {
  const T* data;
  std::int64_t row, column;
  Runs rows, terms;
};

/// Rows `first_row` .. + rows and columns `first_k` .. + k of the left factor of a product.
struct BlockPlace {
  std::int64_t product, first_row, rows, first_k, k;
};

/// How the rows of a left factor come about: `find` returns a block where it lies, or where it has put it.
template <class T>
struct BlockRows {
  Block<T> (*find)(const void* closure, const BlockPlace& place);
  const void* closure;
  std::int64_t row_run = 0, term_run = 1;  // blocks have whole ones; 0: any number of rows
  double fetch = 0.03;                     // cycles for an element of a row
  double row_elements = 0;                 // that the cache has to hold for a row; 0: a block's terms
};

/// `count` products c = a b of one size, b as panels (see packed_elements).
template <class T>
struct BlockedProduct {
  std::int64_t count, m, n, k;
  const T* panels;
  std::int64_t panels_stride;  // from one product to the next
  T* c;
  std::int64_t c_row, c_stride;          // rows lie `c_row` elements apart, products `c_stride`
  std::int64_t run = 0, run_stride = 0;  // but after each `run` rows, where it is not 0, so many from run to run
  bool accumulate = false;
  TileEpilogue<T> epilogue{};
  std::int64_t epilogue_stride = 0;  // of scale and shift, from one product to the next
  bool on_threads = true;            // or on this one alone

  std::int64_t row_offset(std::int64_t row) const {
    return run == 0 ? row * c_row : row / run * run_stride + row % run * c_row;
  }
};

/// Elements of a k x n matrix as panels. A panel that begins with column j begins at element j * k.
template <class T>
std::int64_t packed_elements(std::int64_t k, std::int64_t n);

/// The matrix `source` as panels in `to`, by several threads.
template <class T>
void pack_on_threads(const PanelSource<T>& source, T* to);

/// On several threads, in blocks that fit the caches. An element of c is the same however they are cut: its terms are
/// added in order, those of `terms_per_block` at a time. Where that is all of them, the residual may be c.
template <class T>
void multiply_blocks(const BlockedProduct<T>& product, const BlockRows<T>& rows);

/// Rows that lie in memory, each product's `stride` elements after the last one's.
template <class T>
struct StridedRows {
  const T* data;
  std::int64_t row, column, stride;

  BlockRows<T> rows() const {
    const auto find = [](const void* closure, const BlockPlace& p) {
      const auto& self = *static_cast<const StridedRows*>(closure);
      return Block<T>{self.data + p.product * self.stride + p.first_row * self.row + p.first_k * self.column, self.row,
                      self.column, one_run(p.rows), one_run(p.k)};
    };
    return {find, this};
  }
};

}  // namespace ebb::kernels
