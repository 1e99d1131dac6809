#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// What is done to an element of a product c before it is left: max(scale c + shift + residual, 0), where null leaves
/// out.
template <class T>
struct TileEpilogue {
  const T *scale = nullptr, *shift = nullptr;  // a number for each column
  const T* residual = nullptr;                 // lies as c does, or is c
  bool relu = false;

  bool is_empty() const { return scale == nullptr && shift == nullptr && residual == nullptr && !relu; }
  /// For the part of c that begins `elements` after its beginning, in column `column`.
  TileEpilogue from(std::int64_t elements, std::int64_t column) const {
    return {scale == nullptr ? nullptr : scale + column, shift == nullptr ? nullptr : shift + column,
            residual == nullptr ? nullptr : residual + elements, relu};
  }
};

/// c = the epilogue of a part of it that is in the cache: of `sums`, whose rows lie `sums_row` apart, where those of c
/// lie `c_row` apart. The sums may be c itself; if they are not, the residual may be.
template <Isa, class T>
void finish_tile(const TileEpilogue<T>& epilogue, std::int64_t rows, std::int64_t columns, const T* sums,
                 std::int64_t sums_row, T* c, std::int64_t c_row);

}  // namespace ebb::kernels
