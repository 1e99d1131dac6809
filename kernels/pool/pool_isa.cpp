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

/// Whether there is code for windows of known sizes: only where speed counts, for the size of the library.
template <class T>
constexpr bool has_known = sizeof(T) == 4 && this_isa != Isa::sse2;

/// A known number, which says nothing to the few channels that fill no register.
template <class Register>
constexpr int known_of(int number) {
  return Register::lanes > 1 ? number : 0;
}

/// Windows of a row that are alike: each has the elements first, first + step, ... before `end` of both dimensions, the
/// columns counted from where the window begins.
struct Windows {
  WindowSpan rows, columns;
  std::int64_t begin, end;  // which of the row
};

/// Calls `body(windows)`, from the left to the right: for those that reach beyond the image each by itself, for those
/// between them once.
template <class Body>
[[gnu::always_inline]] inline void each_run(const WindowSpan& rows, const WindowLine& line, const Body& body) {
  const std::int64_t most_start = line.size - (line.taps - 1) * line.step - 1 + line.padding;
  const std::int64_t begin = (line.padding + line.stride - 1) / line.stride,
                     end = std::min(most_start < 0 ? 0 : most_start / line.stride + 1, line.windows);
  for (std::int64_t q = 0, next; q < line.windows; q = next) {
    next = q == begin && begin < end ? end : q + 1;
    WindowSpan columns = inside(line, q);
    columns.first -= q * line.stride;
    columns.end -= q * line.stride;
    body(Windows{rows, columns, q, next});
  }
}

/// Calls `body(h, w)` for the elements of a window, row by row, and `next_row()` after each. Where their numbers are
/// known, not 0, all lie side by side.
template <int known_rows, int known_columns, class Body, class Next>
[[gnu::always_inline]] inline void each_element(const Windows& windows, const Body& body, const Next& next_row) {
  const WindowSpan &rows = windows.rows, &columns = windows.columns;
  if constexpr (known_rows > 0) {
#pragma GCC unroll 3
    for (int h = 0; h < known_rows; ++h) {
#pragma GCC unroll 3
      for (int w = 0; w < known_columns; ++w) body(rows.first + h, columns.first + w);
      next_row();
    }
  } else {
    for (std::int64_t h = rows.first; h < rows.end; h += rows.step) {
      for (std::int64_t w = columns.first; w < columns.end; w += columns.step) body(h, w);
      next_row();
    }
  }
}

/// Calls `body.operator()<rows, columns>()` with the numbers of rows and columns that windows have, or with 0.
template <class T, class Body>
[[gnu::always_inline]] inline void by_size(const Windows& windows, const Body& body) {
  const bool is_dense = windows.rows.step == 1 && windows.columns.step == 1;
  const std::int64_t rows = windows.rows.end - windows.rows.first,
                     columns = windows.columns.end - windows.columns.first;
  if constexpr (has_known<T>) {
    if (is_dense && rows == 2 && columns == 2) return body.template operator()<2, 2>();
    if (is_dense && rows == 3 && columns == 3) return body.template operator()<3, 3>();
  }
  body.template operator()<0, 0>();
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

/// Of one window and a register of channels, whose elements are `at(h, w)`; `to` is where they belong in y.
template <class Register, int rows, int columns, class T, class At>
[[gnu::always_inline]] inline void maximum(const MaxPoolRow<T>& row, const Windows& windows, const At& at,
                                           std::int64_t to) {
  Greatest<Register> greatest{typename Register::Vector{} - std::numeric_limits<T>::infinity()};
  each_element<rows, columns>(
      windows, [&](std::int64_t h, std::int64_t w) { greatest.add(at(h, w)); }, [] {});
  Register::store(greatest.value(), row.best + to);
}

/// With its number in the window.
template <class Register, int rows, int columns, class T, class At>
[[gnu::always_inline]] inline void maximum_and_tap(const MaxPoolRow<T>& row, const Windows& windows, const At& at,
                                                   std::int64_t to) {
  using Mask = typename Register::Mask;
  using Integer = IntegerLike<T>;
  const bool is_empty = windows.rows.first >= windows.rows.end || windows.columns.first >= windows.columns.end;
  const std::int64_t taps = row.columns.taps;
  const auto first_tap = static_cast<Integer>(windows.rows.tap * taps + windows.columns.tap);
  typename Register::Vector best = typename Register::Vector{} - std::numeric_limits<T>::infinity();
  Mask chosen = Mask{} + (is_empty ? Integer(255) : first_tap), row_tap = Mask{} + first_tap, tap = row_tap;
  each_element<rows, columns>(
      windows,
      [&](std::int64_t h, std::int64_t w) {
        const auto value = at(h, w);
        const auto wins = (value > best) | (value != value);  // once NaN, only another NaN wins
        chosen = wins ? tap : chosen;
        best = wins ? value : best;
        tap += 1;
      },
      [&] { tap = row_tap += static_cast<Integer>(taps); });
  Register::store(best, row.best + to);
  Register::store_bytes(chosen, row.at + to);
}

/// The elements that `row.at` tells, 0 where it tells none.
template <class Register, int rows, int columns, class T, class At>
[[gnu::always_inline]] inline void gather(const MaxPoolGatherRow<T>& row, const Windows& windows, const At& at,
                                          std::int64_t to) {
  using Mask = typename Register::Mask;
  using Integer = IntegerLike<T>;
  const std::int64_t taps = row.columns.taps;
  const Mask chosen = Register::load_bytes(row.at + to);
  Mask row_tap = Mask{} + static_cast<Integer>(windows.rows.tap * taps + windows.columns.tap), tap = row_tap;
  typename Register::Vector value{};
  each_element<rows, columns>(
      windows,
      [&](std::int64_t h, std::int64_t w) {
        value = chosen == tap ? at(h, w) : value;
        tap += 1;
      },
      [&] { tap = row_tap += static_cast<Integer>(taps); });
  Register::store(value, row.chosen + to);
}

/// Calls `body.operator()<Register, rows, columns>(windows, at, to)` for each window of a row and each register of
/// channels.
template <class T, class Row, class Body>
[[gnu::always_inline]] inline void each_window(const Row& row, const Body& body) {
  const std::int64_t channels = row.channels, pitch = row.columns.size * channels;
  each_run(row.rows, row.columns, [&](const Windows& windows) {
    by_size<T>(windows, [&]<int rows, int columns> {
      for (std::int64_t q = windows.begin; q < windows.end; ++q) {
        const T* first = row.image + q * row.columns.stride * channels;
        by_registers<T>(channels, [&](auto kind, std::int64_t c) {
          using Register = decltype(kind);
          const auto at = [&](std::int64_t h, std::int64_t w) {
            return Register::load(first + h * pitch + w * channels + c);
          };
          body.template operator()<Register, known_of<Register>(rows), known_of<Register>(columns)>(windows, at,
                                                                                                    q * channels + c);
        });
      }
    });
  });
}

template <bool tells, class T>
void pool_row(const MaxPoolRow<T>& given) {
  const MaxPoolRow<T> row = given;  // a copy, that what is stored cannot change
  each_window<T>(row,
                 [&]<class Register, int rows, int columns>(const Windows& windows, const auto& at, std::int64_t to) {
                   if constexpr (tells) {
                     maximum_and_tap<Register, rows, columns>(row, windows, at, to);
                   } else {
                     maximum<Register, rows, columns>(row, windows, at, to);
                   }
                 });
}

/// Adds what windows of one row of them have chosen of the row of dx. The number of their columns is known, or 0.
template <int known_columns, class T>
[[gnu::always_inline]] inline void add_chosen(const MaxPoolBackwardRow<T>& row, const HoldingRow<T>& of,
                                              const Windows& windows) {
  using Integer = IntegerLike<T>;
  const std::int64_t channels = row.channels;
  const auto first_tap = static_cast<Integer>(of.first_tap + windows.columns.tap);
  for (std::int64_t q = windows.begin; q < windows.end; ++q) {
    T* const first = row.dx + q * row.columns.stride * channels;
    by_registers<T>(channels, [&](auto kind, std::int64_t c) {
      using Register = decltype(kind);
      const auto at = Register::load_bytes(of.at + q * channels + c);
      const auto dy = Register::load(of.dy + q * channels + c);
      typename Register::Mask tap = typename Register::Mask{} + first_tap;
      const auto add = [&](std::int64_t, std::int64_t w) {
        T* const to = first + w * channels + c;
        Register::store(Register::load(to) + (at == tap ? dy : typename Register::Vector{}), to);
        tap += 1;
      };
      constexpr int known = known_of<Register>(known_columns);
      each_element<known == 0 ? 0 : 1, known>(windows, add, [] {});
    });
  }
}

}  // namespace

template <Isa, class T>
void max_pool_row(const MaxPoolRow<T>& row) {
  return row.at != nullptr ? pool_row<true>(row) : pool_row<false>(row);
}

template <Isa, class T>
void max_pool_gather_row(const MaxPoolGatherRow<T>& given) {
  const MaxPoolGatherRow<T> row = given;  // a copy, that what is stored cannot change
  each_window<T>(row,
                 [&]<class Register, int rows, int columns>(const Windows& windows, const auto& at, std::int64_t to) {
                   gather<Register, rows, columns>(row, windows, at, to);
                 });
}

template <Isa, class T>
void max_pool_backward_row(const MaxPoolBackwardRow<T>& given) {
  const MaxPoolBackwardRow<T> row = given;  // a copy, that what is stored cannot change
  std::fill_n(row.dx, row.columns.size * row.channels, T(0));
  for (const HoldingRow<T> of : row.rows) {
    each_run({0, 1, 1, 0}, row.columns, [&](const Windows& windows) {
      const WindowSpan& columns = windows.columns;
      const std::int64_t count = columns.step == 1 ? columns.end - columns.first : 0;
      if (has_known<T> && count == 2) return add_chosen < has_known<T> ? 2 : 0 > (row, of, windows);
      if (has_known<T> && count == 3) return add_chosen < has_known<T> ? 3 : 0 > (row, of, windows);
      add_chosen<0>(row, of, windows);
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
template void max_pool_gather_row<this_isa>(const MaxPoolGatherRow<float>&);
template void max_pool_gather_row<this_isa>(const MaxPoolGatherRow<double>&);
template void max_pool_backward_row<this_isa>(const MaxPoolBackwardRow<float>&);
template void max_pool_backward_row<this_isa>(const MaxPoolBackwardRow<double>&);

}  // namespace ebb::kernels
