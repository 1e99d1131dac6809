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

/// Whether there is code for windows of known sizes: not of double, for the size of the library.
template <class T>
constexpr bool has_known = sizeof(T) == 4;

/// Calls `body(w)` for the columns of a window, counted from its first; `known` many of them, or 0.
template <int known, class Body>
[[gnu::always_inline]] inline void each_column(const WindowSpan& columns, const Body& body) {
  if constexpr (known > 0) {
#pragma GCC unroll 3
    for (int w = 0; w < known; ++w) body(w);
  } else {
    for (std::int64_t w = columns.first; w < columns.end; w += columns.step) body(w - columns.first);
  }
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

/// Of one window and a register of channels that begin at `c`; `to` is where they belong in y. The number of columns is
/// known, then they are adjacent, or 0.
template <class Register, int known_columns, class T>
[[gnu::always_inline]] inline void maximum(const MaxPoolRow<T>& row, const WindowSpan& columns, std::int64_t c,
                                           std::int64_t to) {
  const WindowSpan rows = row.rows;
  Greatest<Register> greatest{typename Register::Vector{} - std::numeric_limits<T>::infinity()};
  for (std::int64_t h = rows.first; h < rows.end; h += rows.step) {
    const T* line = row.image + (h * row.columns.size + columns.first) * row.channels + c;
    each_column<known_columns>(columns, [&](std::int64_t w) { greatest.add(Register::load(line + w * row.channels)); });
  }
  Register::store(greatest.value(), row.best + to);
}

/// With its number in the window.
template <class Register, int known_columns, class T>
[[gnu::always_inline]] inline void maximum_and_tap(const MaxPoolRow<T>& row, const WindowSpan& columns, std::int64_t c,
                                                   std::int64_t to) {
  using Mask = typename Register::Mask;
  using Integer = IntegerLike<T>;
  const WindowSpan rows = row.rows;
  const bool is_empty = rows.first >= rows.end || columns.first >= columns.end;
  const auto first_tap = static_cast<Integer>(rows.tap * row.columns.taps + columns.tap);
  typename Register::Vector best = typename Register::Vector{} - std::numeric_limits<T>::infinity();
  Mask at = Mask{} + (is_empty ? Integer(255) : first_tap), row_tap = Mask{} + first_tap;
  for (std::int64_t h = rows.first; h < rows.end; h += rows.step, row_tap += static_cast<Integer>(row.columns.taps)) {
    const T* line = row.image + (h * row.columns.size + columns.first) * row.channels + c;
    Mask tap = row_tap;
    each_column<known_columns>(columns, [&](std::int64_t w) {
      const auto value = Register::load(line + w * row.channels);
      const auto wins = (value > best) | (value != value);  // once NaN, only another NaN wins
      at = wins ? tap : at;
      best = wins ? value : best;
      tap += 1;
    });
  }
  Register::store(best, row.best + to);
  Register::store_bytes(at, row.at + to);
}

template <bool tells, int known_columns, class T>
[[gnu::always_inline]] inline void pool_window(const MaxPoolRow<T>& row, const WindowSpan& columns, std::int64_t q) {
  by_registers<T>(row.channels, [&](auto kind, std::int64_t c) {
    const std::int64_t to = q * row.channels + c;
    if constexpr (tells) {
      maximum_and_tap<decltype(kind), known_columns>(row, columns, c, to);
    } else {
      maximum<decltype(kind), known_columns>(row, columns, c, to);
    }
  });
}

template <bool tells, class T>
void pool_row(const MaxPoolRow<T>& given) {
  const MaxPoolRow<T> row = given;  // a copy, that what is stored cannot change
  for (std::int64_t q = 0; q < row.columns.windows; ++q) {
    const WindowSpan columns = inside(row.columns, q);
    const std::int64_t count = columns.step == 1 ? columns.end - columns.first : 0;
    if (has_known<T> && count == 2) {
      pool_window<tells, has_known<T> ? 2 : 0>(row, columns, q);
    } else if (has_known<T> && count == 3) {
      pool_window<tells, has_known<T> ? 3 : 0>(row, columns, q);
    } else {
      pool_window<tells, 0>(row, columns, q);
    }
  }
}

/// dx (channels) of elements `begin` to `end` = the sum of dy of those windows that chose them. The numbers of rows and
/// of windows of a row that each lies in are known, or 0.
template <std::size_t known_rows = 0, std::size_t known_holders = 0, class T>
void add_chosen(const MaxPoolBackwardRow<T>& row, std::size_t begin, std::size_t end) {
  constexpr bool is_known = known_rows > 0;
  HoldingRow<T> few_rows[std::max<std::size_t>(known_rows, 1)];  // copies, that what is stored cannot change
  Holder few_holders[std::max<std::size_t>(known_holders, 1)];
  std::copy_n(row.rows.begin(), known_rows, few_rows);
  const HoldingRow<T>* rows = is_known ? few_rows : row.rows.data();
  const std::size_t row_count = is_known ? known_rows : row.rows.size();
  const std::int64_t channels = row.channels;
  for (std::size_t w = begin; w < end; ++w) {
    const Holder* holders = row.holders.data() + row.offsets[w];
    if constexpr (is_known) holders = std::copy_n(holders, known_holders, few_holders) - known_holders;
    const std::size_t count = is_known ? known_holders : static_cast<std::size_t>(row.offsets[w + 1] - row.offsets[w]);
    T* dx = row.dx + static_cast<std::int64_t>(w) * channels;
    by_registers<T>(channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      typename Register::Vector sum{};
      for (std::size_t r = 0; r < row_count; ++r) {
        for (std::size_t k = 0; k < count; ++k) {
          const std::int64_t from = holders[k].window * channels + c;
          const auto tap = static_cast<IntegerLike<T>>(rows[r].first_tap + holders[k].tap);
          const auto is_chosen = Register::load_bytes(rows[r].at + from) == tap;
          sum += is_chosen ? Register::load(rows[r].dy + from) : typename Register::Vector{};
        }
      }
      Register::store(sum, dx + c);
    });
  }
}

}  // namespace

template <Isa, class T>
void max_pool_row(const MaxPoolRow<T>& row) {
  return row.at != nullptr ? pool_row<true>(row) : pool_row<false>(row);
}

template <Isa, class T>
void max_pool_backward_row(const MaxPoolBackwardRow<T>& row) {
  const std::size_t width = row.offsets.size() - 1;
  const auto holders_of = [&](std::size_t w) { return row.offsets[w + 1] - row.offsets[w]; };
  for (std::size_t begin = 0, end = 0; begin < width; begin = end) {
    const std::int64_t holders = holders_of(begin);
    while (end < width && holders_of(end) == holders) ++end;
    const auto known = [&]<int rows, int of_each> {
      const bool is_so = has_known<T> && row.rows.size() == rows && holders == of_each;
      if constexpr (has_known<T>) {
        if (is_so) add_chosen<rows, of_each>(row, begin, end);
      }
      return is_so;
    };
    if (known.template operator()<1, 1>() || known.template operator()<1, 2>() || known.template operator()<2, 1>() ||
        known.template operator()<2, 2>()) {
      continue;
    }
    add_chosen<>(row, begin, end);
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
