#include <algorithm>
#include <limits>
#include <type_traits>

#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/pool/max_window.h"

namespace ebb::kernels {

// An element and its index are selected together, which wide registers do where both have the same width.
template <class T, class Index>
using Selected = std::conditional_t<(sizeof(Index) > sizeof(T)) || sizeof(T) == 8, std::int64_t, std::int32_t>;

template <Isa, class T, class Index>
void max_window(const MaxWindow<T, Index>& window) {
  using At = Selected<T, Index>;
  constexpr std::int64_t block = 64;
  const MaxWindow<T, Index> w = window;
  const bool is_empty = w.rows.first >= w.rows.end || w.columns.first >= w.columns.end;
  const auto index = [&](std::int64_t row, std::int64_t column, std::int64_t tap) {
    return static_cast<At>(sizeof(Index) == 1 ? tap : row * w.width + column);
  };
  const std::int64_t first_tap = w.rows.tap * w.kernel_width + w.columns.tap;
  const At first = is_empty ? At(-1) : index(w.rows.first, w.columns.first, first_tap);
  for (std::int64_t begin = 0; begin < w.channels; begin += block) {
    const std::int64_t count = std::min(block, w.channels - begin);
    T best[block];
    At at[block];
    std::fill_n(best, block, -std::numeric_limits<T>::infinity());
    std::fill_n(at, block, first);
    std::int64_t row_tap = first_tap;
    for (std::int64_t row = w.rows.first; row < w.rows.end; row += w.rows.step, row_tap += w.kernel_width) {
      std::int64_t tap = row_tap;
      for (std::int64_t column = w.columns.first; column < w.columns.end; column += w.columns.step, ++tap) {
        const T* __restrict pixel = w.image + (row * w.width + column) * w.channels + begin;
        const At here = index(row, column, tap);
        for (std::int64_t c = 0; c < count; ++c) {
          const T value = pixel[c];
          const bool wins = (value > best[c]) | (value != value);  // once NaN, only another NaN wins
          at[c] = wins ? here : at[c];
          best[c] = wins ? value : best[c];
        }
      }
    }
    for (std::int64_t c = 0; c < count; ++c) w.best[begin + c] = best[c];
    for (std::int64_t c = 0; c < count; ++c) w.at[begin + c] = static_cast<Index>(at[c]);
  }
}

template <Isa, class T>
void add_where(const T* dy, const std::uint8_t* at, std::uint8_t tap, std::int64_t channels, T* __restrict dx) {
  for (std::int64_t c = 0; c < channels; ++c) dx[c] += at[c] == tap ? dy[c] : T(0);
}

template void add_where<this_isa>(const float*, const std::uint8_t*, std::uint8_t, std::int64_t, float*);
template void add_where<this_isa>(const double*, const std::uint8_t*, std::uint8_t, std::int64_t, double*);
template void max_window<this_isa>(const MaxWindow<float, std::uint8_t>&);
template void max_window<this_isa>(const MaxWindow<double, std::uint8_t>&);
template void max_window<this_isa>(const MaxWindow<float, std::int64_t>&);
template void max_window<this_isa>(const MaxWindow<double, std::int64_t>&);

}  // namespace ebb::kernels
