#pragma once

#include <cstdint>
#include <span>

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

/// The elements that such a row has chosen, 0 where there is none.
template <class T>
struct MaxPoolGatherRow {
  const T* image;  // (H, W, channels)
  std::int64_t channels;
  WindowSpan rows;
  WindowLine columns;
  const std::uint8_t* at;  // (windows, channels)
  T* chosen;               // likewise
};

template <Isa, class T>
void max_pool_gather_row(const MaxPoolGatherRow<T>& row);

/// A row of windows that a row of the image lies in, as that of the elements numbered from first_tap on.
template <class T>
struct HoldingRow {
  const T* dy;             // (windows, channels)
  const std::uint8_t* at;  // likewise
  std::int64_t first_tap;
};

/// What a row of the image gets of the windows that it lies in, in their order.
template <class T>
struct MaxPoolBackwardRow {
  std::span<const HoldingRow<T>> rows;
  WindowLine columns;
  std::int64_t channels;
  T* dx;  // (W, channels)
};

template <Isa, class T>
void max_pool_backward_row(const MaxPoolBackwardRow<T>& row);

}  // namespace ebb::kernels
