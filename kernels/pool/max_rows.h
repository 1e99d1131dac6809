#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/pool/max_window.h"

namespace ebb::kernels {

/// The windows along the width: number q begins at q stride - padding and has `taps` elements, `step` apart.
struct WindowLine {
  std::int64_t windows, taps, stride, padding, step, size;
};

/// A row of windows of a channels-last image, whose indices are bytes.
template <class T>
struct MaxPoolRow {
  const T* image;  // (H, W, channels)
  std::int64_t channels;
  WindowSpan rows;
  WindowLine columns;
  T* best;           // (windows, channels)
  std::uint8_t* at;  // likewise, as pool.h has it; null where nobody asks
};

template <Isa, class T>
void max_pool_row(const MaxPoolRow<T>& row);

/// What a row of the image gets of one row of windows: of those elements whose numbers in their windows are first_tap
/// up to first_tap + taps - 1.
template <class T>
struct MaxPoolBackwardRow {
  const T* dy;             // (windows, channels)
  const std::uint8_t* at;  // likewise
  std::int64_t channels, first_tap;
  WindowLine columns;
  T* dx;  // (W, channels); added to
};

template <Isa, class T>
void max_pool_backward_row(const MaxPoolBackwardRow<T>& row);

}  // namespace ebb::kernels
