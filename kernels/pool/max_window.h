#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// The positions of a window that lie inside of a dimension: first, first + step, ... before `end`. The first of them
/// is the window's number `tap`.
struct WindowSpan {
  std::int64_t first, end, step, tap;
};

/// The maximum over one pooling window, for all channels of a channels-last image at once.
template <class T, class Index>
struct MaxWindow {
  const T* image;  // (H, W, channels)
  std::int64_t width, channels, kernel_width;
  WindowSpan rows, columns;
  T* best;    // (channels)
  Index* at;  // (channels), as pool.h has it
};

template <Isa, class T, class Index>
void max_window(const MaxWindow<T, Index>& window);

/// dx += dy for the channels whose index is `tap`.
template <Isa, class T>
void add_where(const T* dy, const std::uint8_t* at, std::uint8_t tap, std::int64_t channels, T* dx);

}  // namespace ebb::kernels
