#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

/// The maximum over one pooling window, for all channels of a channels-last image at once.
template <class T>
struct MaxWindow {
  const T* image;  // (H, W, channels)
  std::int64_t width, channels;
  std::int64_t row_first, row_end, row_step;           // of the window, inside of the image
  std::int64_t column_first, column_end, column_step;  // likewise
  T* best;                                             // (channels)
  std::int64_t* at;                                    // (channels): h * width + w of the maximum
};

template <Isa, class T>
void max_window(const MaxWindow<T>& window);

}  // namespace ebb::kernels
