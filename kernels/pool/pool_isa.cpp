#include <algorithm>
#include <limits>

#include "ebb/kernels/cpu/wide.h"
#include "ebb/kernels/pool/max_rows.h"

namespace ebb::kernels {
namespace {

/// The elements of window q that lie inside.
[[gnu::always_inline]] inline WindowSpan inside(const WindowLine& line, std::int64_t q) {
  const std::int64_t start = q * line.stride - line.padding;
  const std::int64_t tap = start < 0 ? (-start + line.step - 1) / line.step : 0;
  const std::int64_t stop = start + (line.taps - 1) * line.step + 1;
  return {start + tap * line.step, stop < line.size ? stop : line.size, line.step, tap};
}

/// The greatest so far; once it is NaN, only another NaN takes its place. Two of its instructions are enough where
/// nobody asks for numbers.
template <class Register>
struct Greatest {
  using Vector = typename Register::Vector;

  [[gnu::always_inline]] void add(const Vector& value) {
    nan = value != value ? value : nan;
    best = value > best ? value : best;
  }
  [[gnu::always_inline]] Vector value() const { return nan != nan ? nan : best; }

  Vector best, nan{};
};

/// Of one window and a register of channels that begin at `c`; `to` is where they belong in y.
template <class Register, class T>
[[gnu::always_inline]] inline void maximum(const MaxPoolRow<T>& row, const WindowSpan& columns, std::int64_t c,
                                           std::int64_t to) {
  const WindowSpan rows = row.rows;
  Greatest<Register> greatest{typename Register::Vector{} - std::numeric_limits<T>::infinity()};
  for (std::int64_t h = rows.first; h < rows.end; h += rows.step) {
    const T* line = row.image + h * row.columns.size * row.channels + c;
    for (std::int64_t w = columns.first; w < columns.end; w += columns.step) {
      greatest.add(Register::load(line + w * row.channels));
    }
  }
  Register::store(greatest.value(), row.best + to);
}

/// With its number in the window.
template <class Register, class T>
[[gnu::always_inline]] inline void maximum_and_tap(const MaxPoolRow<T>& row, const WindowSpan& columns, std::int64_t c,
                                                   std::int64_t to) {
  using Mask = typename Register::Mask;
  using Integer = IntegerLike<T>;
  const WindowSpan rows = row.rows;
  const bool is_empty = rows.first >= rows.end || columns.first >= columns.end;
  Integer row_tap = static_cast<Integer>(rows.tap * row.columns.taps + columns.tap);
  typename Register::Vector best = typename Register::Vector{} - std::numeric_limits<T>::infinity();
  Mask at = Mask{} + (is_empty ? Integer(255) : row_tap);
  for (std::int64_t h = rows.first; h < rows.end; h += rows.step, row_tap += static_cast<Integer>(row.columns.taps)) {
    const T* line = row.image + h * row.columns.size * row.channels + c;
    Integer tap = row_tap;
    for (std::int64_t w = columns.first; w < columns.end; w += columns.step, ++tap) {
      const auto value = Register::load(line + w * row.channels);
      const auto wins = (value > best) | (value != value);  // once NaN, only another NaN wins
      at = wins ? Mask{} + tap : at;
      best = wins ? value : best;
    }
  }
  Register::store(best, row.best + to);
  Register::store_bytes(at, row.at + to);
}

template <bool tells, class T>
void pool_row(const MaxPoolRow<T>& given) {
  const MaxPoolRow<T> row = given;  // a copy, that what is stored cannot change
  for (std::int64_t q = 0; q < row.columns.windows; ++q) {
    const WindowSpan columns = inside(row.columns, q);
    by_registers<T>(row.channels, [&](auto kind, std::int64_t c) {
      const std::int64_t to = q * row.channels + c;
      if constexpr (tells) {
        maximum_and_tap<decltype(kind)>(row, columns, c, to);
      } else {
        maximum<decltype(kind)>(row, columns, c, to);
      }
    });
  }
}

}  // namespace

template <Isa, class T>
void max_pool_row(const MaxPoolRow<T>& row) {
  return row.at != nullptr ? pool_row<true>(row) : pool_row<false>(row);
}

template <Isa, class T>
void max_pool_backward_row(const MaxPoolBackwardRow<T>& given) {
  const MaxPoolBackwardRow<T> row = given;
  for (std::int64_t q = 0; q < row.columns.windows; ++q) {
    const WindowSpan columns = inside(row.columns, q);
    by_registers<T>(row.channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      const auto at = Register::load_bytes(row.at + q * row.channels + c);
      const auto dy = Register::load(row.dy + q * row.channels + c);
      auto tap = static_cast<IntegerLike<T>>(row.first_tap + columns.tap);
      for (std::int64_t w = columns.first; w < columns.end; w += columns.step, ++tap) {
        T* to = row.dx + w * row.channels + c;
        const auto chosen = at == tap ? dy : typename Register::Vector{};
        Register::store(Register::load(to) + chosen, to);
      }
    });
  }
}

template <Isa, class T>
void max_window(const MaxWindow<T>& window) {
  constexpr std::int64_t block = 64;
  const MaxWindow<T> w = window;
  const bool is_empty = w.rows.first >= w.rows.end || w.columns.first >= w.columns.end;
  const std::int64_t first = is_empty ? -1 : w.rows.first * w.width + w.columns.first;
  for (std::int64_t begin = 0; begin < w.channels; begin += block) {
    const std::int64_t count = std::min(block, w.channels - begin);
    T best[block];
    std::int64_t at[block];
    std::fill_n(best, block, -std::numeric_limits<T>::infinity());
    std::fill_n(at, block, first);
    for (std::int64_t row = w.rows.first; row < w.rows.end; row += w.rows.step) {
      for (std::int64_t column = w.columns.first; column < w.columns.end; column += w.columns.step) {
        const std::int64_t here = row * w.width + column;
        const T* __restrict pixel = w.image + here * w.channels + begin;
        for (std::int64_t c = 0; c < count; ++c) {
          const T value = pixel[c];
          const bool wins = (value > best[c]) | (value != value);  // once NaN, only another NaN wins
          at[c] = wins ? here : at[c];
          best[c] = wins ? value : best[c];
        }
      }
    }
    std::copy_n(best, count, w.best + begin);
    std::copy_n(at, count, w.at + begin);
  }
}

template void max_window<this_isa>(const MaxWindow<float>&);
template void max_window<this_isa>(const MaxWindow<double>&);
template void max_pool_row<this_isa>(const MaxPoolRow<float>&);
template void max_pool_row<this_isa>(const MaxPoolRow<double>&);
template void max_pool_backward_row<this_isa>(const MaxPoolBackwardRow<float>&);
template void max_pool_backward_row<this_isa>(const MaxPoolBackwardRow<double>&);

}  // namespace ebb::kernels
