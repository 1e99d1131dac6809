#include <limits>

#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/pool/max_window.h"

namespace ebb::kernels {

template <Isa, class T>
void max_window(const MaxWindow<T>& window) {
  const MaxWindow<T> w = window;
  const std::int64_t channels = w.channels;
  const bool is_empty = w.row_first >= w.row_end || w.column_first >= w.column_end;
  const std::int64_t first = is_empty ? -1 : w.row_first * w.width + w.column_first;
  T* __restrict best = w.best;
  std::int64_t* __restrict at = w.at;
  for (std::int64_t c = 0; c < channels; ++c) {
    best[c] = -std::numeric_limits<T>::infinity();
    at[c] = first;
  }
  for (std::int64_t row = w.row_first; row < w.row_end; row += w.row_step) {
    for (std::int64_t column = w.column_first; column < w.column_end; column += w.column_step) {
      const std::int64_t position = row * w.width + column;
      const T* __restrict pixel = w.image + position * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const T value = pixel[c];
        const bool wins = (value > best[c]) | (value != value);  // once NaN, only another NaN wins
        at[c] = wins ? position : at[c];
        best[c] = wins ? value : best[c];
      }
    }
  }
}

template void max_window<this_isa>(const MaxWindow<float>&);
template void max_window<this_isa>(const MaxWindow<double>&);

}  // namespace ebb::kernels
