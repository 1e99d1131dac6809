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

}  // namespace ebb::kernels
