#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// Rows of a sparse matrix (see SparseRows) times rows of `inner` elements.
template <class T>
struct CombineRows {
  const T* x;                             // (in, inner)
  const std::int64_t *offsets, *columns;  // offsets: (rows + 1), of the first entry of each
  const T* weights;
  std::int64_t rows, inner;
  T* y;  // (rows, inner)
};

template <Isa, class T>
void combine_rows(const CombineRows<T>& task);

/// As many lines as are best combined at one time, for any set of instructions.
constexpr std::int64_t lines_together = 16;

/// A sparse matrix (see SparseRows) times lines of adjacent elements.
template <class T>
struct CombineLines {
  const T* x[lines_together];             // (lines): of `in` elements each
  const std::int64_t *offsets, *columns;  // offsets: (out + 1), of the first entry of each
  const T* weights;
  std::int64_t lines, in, out;
  T* y;  // (lines, out)
};

template <Isa, class T>
void combine_lines(const CombineLines<T>& task);

}  // namespace ebb::kernels
