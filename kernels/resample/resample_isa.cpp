#include "ebb/kernels/cpu/scratch.h"
#include "ebb/kernels/cpu/transpose_square.h"
#include "ebb/kernels/cpu/wide.h"
#include "ebb/kernels/resample/combine_rows.h"

namespace ebb::kernels {
namespace {

/// y = the sum of `count` weighted rows of x, or y += it.
template <int count, bool is_first, class T>
[[gnu::always_inline]] inline void combine_few(const T* x, const std::int64_t* columns, const T* weights,
                                               std::int64_t inner, T* y) {
  const T* from[count];
  T weight[count];
  for (int k = 0; k < count; ++k) {
    from[k] = x + columns[k] * inner;
    weight[k] = weights[k];
  }
  by_registers<T>(inner, [&](auto kind, std::int64_t i) {
    using Register = decltype(kind);
    auto sum = weight[0] * Register::load(from[0] + i);
    if constexpr (!is_first) sum += Register::load(y + i);
    for (int k = 1; k < count; ++k) sum += weight[k] * Register::load(from[k] + i);
    Register::store(sum, y + i);
  });
}

/// y = the sum of weighted rows of x.
template <class T>
void combine_row(const T* x, const std::int64_t* columns, const T* weights, std::int64_t entries, std::int64_t inner,
                 T* y) {
  switch (entries) {
    case 0:
      for (std::int64_t i = 0; i < inner; ++i) y[i] = 0;
      return;
    case 1:
      return combine_few<1, true>(x, columns, weights, inner, y);
    case 2:
      return combine_few<2, true>(x, columns, weights, inner, y);
    case 3:
      combine_few<2, true>(x, columns, weights, inner, y);
      break;
    default:
      combine_few<4, true>(x, columns, weights, inner, y);
  }
  for (std::int64_t k = entries == 3 ? 2 : 4; k < entries; ++k) {
    combine_few<1, false>(x, columns + k, weights + k, inner, y);
  }
}

/// The elements of a register's width of lines, by place: squares of them, transposed.
template <class T>
void interleave_lines(const T* const* lines, std::int64_t size, T* interleaved) {
  constexpr std::int64_t lanes = width_of<T>;
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    Vector<T> square[lanes];
    for (std::int64_t lane = 0; lane < lanes; ++lane) square[lane] = load(lines[lane] + i);
    transpose<T>(square);
    for (std::int64_t lane = 0; lane < lanes; ++lane) store(interleaved + (i + lane) * lanes, square[lane]);
  }
  for (; i < size; ++i) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) interleaved[i * lanes + lane] = lines[lane][i];
  }
}

/// The other way: lines that lie one after another.
template <class T>
void separate_lines(const T* interleaved, std::int64_t size, T* lines) {
  constexpr std::int64_t lanes = width_of<T>;
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    Vector<T> square[lanes];
    for (std::int64_t lane = 0; lane < lanes; ++lane) square[lane] = load(interleaved + (i + lane) * lanes);
    transpose<T>(square);
    for (std::int64_t lane = 0; lane < lanes; ++lane) store(lines + lane * size + i, square[lane]);
  }
  for (; i < size; ++i) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) lines[lane * size + i] = interleaved[i * lanes + lane];
  }
}

/// Rows of y that are an Element each: of a register, whose lanes are lines, or of a single line.
template <class Element, class T>
[[gnu::always_inline]] inline void combine_places(const CombineLines<T>& task, const T* x, T* y) {
  for (std::int64_t row = 0; row < task.out; ++row) {
    const std::int64_t first = task.offsets[row], end = task.offsets[row + 1];
    typename Element::Vector sum{};
    if (first < end) sum = task.weights[first] * Element::load(x + task.columns[first] * Element::lanes);
    for (std::int64_t k = first + 1; k < end; ++k) {
      sum += task.weights[k] * Element::load(x + task.columns[k] * Element::lanes);
    }
    Element::store(sum, y + row * Element::lanes);
  }
}

}  // namespace

template <Isa, class T>
void combine_rows(const CombineRows<T>& task) {
  for (std::int64_t row = 0; row < task.rows; ++row) {
    const std::int64_t first = task.offsets[row];
    combine_row(task.x, task.columns + first, task.weights + first, task.offsets[row + 1] - first, task.inner,
                task.y + row * task.inner);
  }
}

template <Isa, class T>
void combine_lines(const CombineLines<T>& task) {
  constexpr std::int64_t lanes = width_of<T>;
  std::int64_t line = 0;
  for (; line + lanes <= task.lines; line += lanes) {
    T* from = scratch<T>(Scratch::block, task.in * lanes);
    T* to = scratch<T>(Scratch::result, task.out * lanes);
    interleave_lines(task.x + line, task.in, from);
    combine_places<Wide<T>>(task, from, to);
    separate_lines(to, task.out, task.y + line * task.out);
  }
  for (; line < task.lines; ++line) combine_places<Single<T>>(task, task.x[line], task.y + line * task.out);
}

template void combine_rows<this_isa>(const CombineRows<float>&);
template void combine_rows<this_isa>(const CombineRows<double>&);
template void combine_lines<this_isa>(const CombineLines<float>&);
template void combine_lines<this_isa>(const CombineLines<double>&);

}  // namespace ebb::kernels
