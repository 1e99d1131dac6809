#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// The positions of a window that lie inside of a dimension: first, first + step, ... before `end`. The first of them
/// is the window's number `tap`.
struct WindowSpan {
  std::int64_t first, end, step, tap;
};

/// The maximum over one pooling window, for all channels of a channels-last image at once, and where in the image.
template <class T>
struct MaxWindow {
  const T* image;  // (H, W, channels)
  std::int64_t width, channels;
  WindowSpan rows, columns;
  T* best;           // (channels)
  std::int64_t* at;  // (channels), as pool.h has it
};

template <Isa, class T>
void max_window(const MaxWindow<T>& window);

}  // namespace ebb::kernels
