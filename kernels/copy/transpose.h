#pragma once

#include <cstddef>
#include <optional>

#include "ebb/core/context.h"
#include "ebb/kernels/rows.h"

namespace ebb::kernels {

/// A copy by which neighbours in x become neighbours in y: of (batch, columns, rows) elements, those of x side by side
/// along columns, those of y along rows.
struct Transposition {
  std::int64_t rows, columns;
  std::int64_t x_row, y_column;  // steps from row to row in x, from column to column in y
  Rows<2> batch;                 // the other dimensions
};

/// Where a copy, x before y in `rows`, is one that is worth tiles.
std::optional<Transposition> transposition_of(const Rows<2>& rows);

/// y = x, elements of `size` bytes, through tiles in the memory that a block shares.
void transpose(CudaContext& context, const Transposition& what, std::size_t size, const void* x, void* y);

}  // namespace ebb::kernels
