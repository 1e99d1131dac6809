#include "ebb/kernels/gemm/blocks.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/caches.h"
#include "ebb/kernels/cpu/scratch.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t few_terms = 512;  // whose tile of rows leaves room for a panel in the first cache
constexpr std::int64_t multiplications_per_task = 1 << 19, tasks_per_thread = 4;

/// How a product is cut. Only the terms, of a block, show in c.
struct Cut {
  Split rows, columns;
  std::int64_t terms;
};

/// Cycles, roughly, that a cut costs beside the multiplications: a block of rows is fetched for each part of the
/// columns, and the panels for each part of the rows.
double cost(const Cut& cut, double per_element_of_a) {
  const double per_element_of_b = 0.1;
  return per_element_of_a * static_cast<double>(cut.rows.length * cut.columns.parts) +
         per_element_of_b * static_cast<double>(cut.columns.length * cut.rows.parts);
}

/// The least number of parts from `least` on of which each thread gets as many.
std::int64_t even_parts(std::int64_t least, std::int64_t products, std::int64_t threads) {
  const std::int64_t step = threads / std::gcd(products, threads);
  return parts(least, step) * step;
}

template <class T>
Cut best_cut(const BlockedProduct<T>& p, const BlockRows<T>& rows) {
  const TileShape tile = tile_shape<T>();
  const std::int64_t at_once = rows.row_run == 0 ? tile.rows : rows.row_run;
  const std::int64_t terms =
      p.k == 0 ? 1 : parts(parts(p.k, parts(p.k, terms_per_block)), rows.term_run) * rows.term_run;
  const double per_row = rows.row_elements == 0 ? static_cast<double>(terms) : rows.row_elements;
  const auto in_cache = static_cast<std::int64_t>(static_cast<double>(caches().l2 * 3 / 8 / sizeof(T)) / per_row);
  const std::int64_t least = parts(p.m, std::max<std::int64_t>(in_cache, 4 * tile.rows));
  const double tasks = static_cast<double>(p.count * p.m * p.n) * static_cast<double>(p.k) / multiplications_per_task;
  const std::int64_t threads = p.on_threads ? num_threads() : 1;
  const auto wanted = static_cast<std::int64_t>(
      std::clamp<double>(tasks, 1, p.on_threads ? static_cast<double>(tasks_per_thread * threads) : 1));
  const std::int64_t even = wanted < threads ? 1 : threads;
  std::optional<Cut> best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (std::int64_t row_parts = least;; row_parts *= 2) {
    const Split columns(p.n, tile.columns, parts(wanted, p.count * row_parts));
    const Cut cut{{p.m, at_once, even_parts(row_parts, p.count * columns.parts, even)}, columns, terms};
    const std::int64_t idle = std::max<std::int64_t>(wanted - p.count * cut.rows.parts * columns.parts, 0);
    const double costs = cost(cut, rows.fetch) * (1 + static_cast<double>(idle));
    if (costs < best_cost) best = cut, best_cost = costs;
    if (row_parts * p.count >= wanted || row_parts >= cut.rows.pieces()) break;
  }
  return *best;
}

/// Are tiles low that end with a run of c? Then it is better to make the rows elsewhere and to copy them.
template <class T>
bool is_made_aside(const BlockedProduct<T>& p, const Block<T>& a) {
  const std::int64_t height = tile_shape<T>().rows;
  const bool has_short_runs = p.run != 0 && p.run < 4 * height && p.run % height != 0;
  return has_short_runs && a.rows.length > p.run && p.epilogue.residual == nullptr;
}

/// A panel's product, whose rows begin with row `first` of c, beside c.
template <class T, class Multiply>
void multiply_aside(const BlockedProduct<T>& p, PanelProduct<T> panel, std::int64_t first, Multiply multiply) {
  T* const aside = scratch<T>(Scratch::result, panel.rows * panel.width);
  T* const c = std::exchange(panel.c, aside);
  panel.c_row = panel.width;
  for (std::int64_t i = 0; panel.accumulate && i < panel.rows; ++i) {
    std::copy_n(c + p.row_offset(first + i), panel.columns, aside + i * panel.width);
  }
  multiply(panel);
  for (std::int64_t i = 0; i < panel.rows; ++i) {
    std::copy_n(aside + i * panel.width, panel.columns, c + p.row_offset(first + i));
  }
}

/// The rows of one block times one panel, as many at a time as are in one run of a's and of c's rows.
template <class T, class Multiply>
void multiply_runs(const BlockedProduct<T>& p, const Block<T>& a, PanelProduct<T> panel, std::int64_t first_row,
                   Multiply multiply) {
  const bool is_aside = is_made_aside(p, a);
  const std::int64_t rows = panel.rows, run = p.run == 0 || is_aside ? p.m : p.run;
  T* const c = panel.c;
  const T* const residual = panel.epilogue.residual;
  for (std::int64_t row = 0; row < rows; row += panel.rows) {
    const std::int64_t at = first_row + row, in_run = row % a.rows.length;
    panel.rows = std::min({rows - row, run - at % run, a.rows.length - in_run});
    panel.a = a.column == 0 ? a.data + row * panel.k : a.data + a.rows.offsets[row / a.rows.length] + in_run * a.row;
    panel.c = c;
    if (is_aside) {
      multiply_aside(p, panel, at, multiply);
    } else {
      panel.c += p.row_offset(at);
      panel.epilogue.residual = residual == nullptr ? nullptr : residual + p.row_offset(at);
      multiply(panel);
    }
  }
}

/// A block as multiply_panel takes it: one whose rows are adjacent is put in tiles, if its columns lie far apart.
template <class T>
Block<T> by_rows_or_tiles(const Block<T>& block, const BlockPlace& place) {
  if (block.column <= near_columns<T>) return block;
  T* tiles = scratch<T>(Scratch::tiles, place.rows * place.k);
  best([]<Isa isa> { return pack_tiles<isa, T>; })(block.data, block.column, place.rows, place.k, tiles);
  return {tiles, 1, 0, block.rows, one_run(place.k)};
}

/// One part of the rows times one part of the columns.
template <class T>
void multiply_part(const BlockedProduct<T>& p, const BlockRows<T>& rows, std::int64_t terms, BlockPlace place,
                   std::int64_t first_column, std::int64_t last_column) {
  const auto multiply = best([]<Isa isa> { return multiply_panel<isa, T>; });
  const TileShape tile = tile_shape<T>();
  const auto panel = [&](std::int64_t column, std::int64_t first_k) {
    return p.panels + place.product * p.panels_stride + column * p.k + first_k * tile.width(column, p.n);
  };
  for (place.first_k = 0; place.first_k == 0 || place.first_k < p.k; place.first_k += terms) {  // of no terms, too
    place.k = std::min(terms, p.k - place.first_k);
    const Block<T> block = by_rows_or_tiles(rows.find(rows.closure, place), place);
    const bool last = place.first_k + place.k == p.k;
    for (std::int64_t column = first_column, next; column < last_column; column = next) {
      next = column + tile.columns;
      const std::int64_t width = tile.width(column, p.n);
      const std::int64_t to = place.product * p.c_stride + column;
      multiply_runs(
          p, block,
          {.rows = place.rows,
           .columns = std::min<std::int64_t>(width, p.n - column),
           .k = place.k,
           .a = nullptr,
           .a_row = block.row,
           .a_column = block.column,
           .terms = block.terms,
           .panel = panel(column, place.first_k),
           .width = width,
           .next_panel = next < last_column ? panel(next, place.first_k) : panel(first_column, place.first_k + place.k),
           .c = p.c + to,
           .c_row = p.c_row,
           .fetches_rows = block.row == place.k && (column == first_column || place.k <= few_terms),
           .accumulate = p.accumulate || place.first_k > 0,
           .epilogue = last ? p.epilogue.from(to, place.product * p.epilogue_stride + column) : TileEpilogue<T>{}},
          place.first_row, multiply);
    }
  }
}

}  // namespace

template <class T>
std::int64_t packed_elements(std::int64_t k, std::int64_t n) {
  const TileShape tile = tile_shape<T>();
  const std::int64_t last = (tile.panels(n) - 1) * tile.columns;
  return n == 0 ? 0 : k * (last + tile.width(last, n));
}

template <class T>
void pack_on_threads(const PanelSource<T>& source, T* to) {
  constexpr std::int64_t elements_per_task = 1 << 16;
  if (source.has_whole_rows()) {
    const auto pack = best([]<Isa isa> { return pack_rows<isa, T>; });
    const std::int64_t k = source.k();
    const std::int64_t grain = parts(elements_per_task, std::max<std::int64_t>(source.columns, 1));
    return parallel_for(k, grain, [&](std::int64_t begin, std::int64_t end) {
      pack(source.b, source.strides[2], source.columns, k, begin, end, to);
    });
  }
  const TileShape tile = tile_shape<T>();
  const auto pack = best([]<Isa isa> { return pack_panel<isa, T>; });
  const std::int64_t grain =
      std::max<std::int64_t>(1, elements_per_task / std::max<std::int64_t>(source.k() * tile.columns, 1));
  parallel_for(tile.panels(source.columns), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin * tile.columns; first < std::min(end * tile.columns, source.columns);
         first += tile.columns) {
      const std::int64_t width = tile.width(first, source.columns);
      pack(source.panel(first, width), width, to + first * source.k());
    }
  });
}

template <class T>
void multiply_blocks(const BlockedProduct<T>& p, const BlockRows<T>& rows) {
  if (p.count * p.m * p.n == 0) return;
  const Cut cut = best_cut(p, rows);
  const std::int64_t per_product = cut.rows.parts * cut.columns.parts;
  const std::int64_t work = std::max<std::int64_t>(cut.rows.size(0) * cut.columns.size(0) * p.k, 1);
  const std::int64_t grain = std::max<std::int64_t>(multiplications_per_task / work, 1);
  parallel_for(p.count * per_product, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i % per_product / cut.columns.parts, column = i % cut.columns.parts;
      multiply_part(p, rows, cut.terms, {i / per_product, cut.rows.begin(row), cut.rows.size(row), 0, 0},
                    cut.columns.begin(column), cut.columns.begin(column + 1));
    }
  });
}

template std::int64_t packed_elements<float>(std::int64_t, std::int64_t);
template std::int64_t packed_elements<double>(std::int64_t, std::int64_t);
template void pack_on_threads(const PanelSource<float>&, float*);
template void pack_on_threads(const PanelSource<double>&, double*);
template void multiply_blocks(const BlockedProduct<float>&, const BlockRows<float>&);
template void multiply_blocks(const BlockedProduct<double>&, const BlockRows<double>&);

}  // namespace ebb::kernels
