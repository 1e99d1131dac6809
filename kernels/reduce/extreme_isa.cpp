#include <type_traits>
#include <utility>

#include "ebb/kernels/cpu/vectors.h"
#include "ebb/kernels/reduce/extreme_loops.h"

namespace ebb::kernels {
namespace {

/// One lane after another; NaN wins.
template <Extreme which, class V>
[[gnu::always_inline]] inline V more_extreme_lanes(V a, V b) {
  const V further = which == Extreme::max ? (b > a ? b : a) : (b < a ? b : a);
  return b != b ? b : further;
}

template <int step, class V, int... lane>
[[gnu::always_inline]] inline V rotated(V x, std::integer_sequence<int, lane...>) {
  return __builtin_shufflevector(x, x, (lane + step) % int{sizeof...(lane)}...);
}

/// The extreme of all lanes, in each; those `step` and fewer apart are still to be combined.
template <Extreme which, int step, class V>
[[gnu::always_inline]] inline V over_lanes(V x) {
  if constexpr (step == 0) {
    return x;
  } else {
    const V other = rotated<step>(x, std::make_integer_sequence<int, sizeof(V) / sizeof(x[0])>());
    return over_lanes<which, step / 2>(more_extreme_lanes<which>(x, other));
  }
}

template <Extreme which, class T>
T extreme_of(const T* x, std::int64_t n) {
  using Lanes = Vector<T>;
  constexpr std::int64_t width = sizeof(Lanes) / sizeof(T);
  const auto lanes_at = [x](std::int64_t i) { return load(x + i); };
  Lanes a = Lanes{} + least_extreme<which, T>(), b = a, c = a, d = a;
  std::int64_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    a = more_extreme_lanes<which>(a, lanes_at(i));
    b = more_extreme_lanes<which>(b, lanes_at(i + width));
    c = more_extreme_lanes<which>(c, lanes_at(i + 2 * width));
    d = more_extreme_lanes<which>(d, lanes_at(i + 3 * width));
  }
  for (; i + width <= n; i += width) a = more_extreme_lanes<which>(a, lanes_at(i));
  const Lanes all = more_extreme_lanes<which>(more_extreme_lanes<which>(a, b), more_extreme_lanes<which>(c, d));
  T result = over_lanes<which, width / 2>(all)[0];
  for (; i < n; ++i) result = more_extreme<which>(result, x[i]);
  return result;
}

/// The first i < n for which x[i] is `wanted`, which may be NaN; one of them is.
template <class T>
std::int64_t first_of(const T* x, std::int64_t n, T wanted) {
  const auto count = static_cast<std::int32_t>(n);
  std::int32_t first = count;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t place = x[i] == wanted ? i : count, nan_place = x[i] != x[i] ? i : count;
    const std::int32_t found = wanted == wanted ? place : nan_place;
    first = found < first ? found : first;
  }
  return first;
}

/// Finds the block of the extreme, then its place.
template <Extreme which, class T>
std::int64_t place_of_extreme(const T* x, std::int64_t n) {
  constexpr std::int64_t block_length = 1024;
  const auto length = [n](std::int64_t begin) { return n - begin < block_length ? n - begin : block_length; };
  T best = extreme_of<which>(x, length(0));
  std::int64_t block = 0;
  for (std::int64_t begin = block_length; begin < n; begin += block_length) {
    const T next = extreme_of<which>(x + begin, length(begin));
    if (!beats<which>(next, best)) continue;
    best = next;
    block = begin;
  }
  return block + first_of(x + block, length(block), best);
}

template <Extreme which, class T>
void extreme_each(const T* x, std::int64_t x_step, std::int64_t n, T* y, std::int64_t y_step, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i * y_step] = extreme_of<which>(x + i * x_step, n);
}

template <Extreme which, class T>
void place_of_each(const T* x, std::int64_t x_step, std::int64_t n, std::int64_t* y, std::int64_t y_step,
                   std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i * y_step] = place_of_extreme<which>(x + i * x_step, n);
}

/// y (width) = the position of the extreme in each column of n elements, which lie `stride` apart
template <Extreme which, class T>
void places_of_columns(const T* x, std::int64_t stride, std::int64_t n, std::int64_t* y, std::int64_t width) {
  using Place = std::conditional_t<sizeof(T) == sizeof(std::int32_t), std::int32_t, std::int64_t>;  // of T's lanes
  constexpr std::int64_t together = 256;
  for (; width > 0; x += together, y += together, width -= together) {
    const std::int64_t count = width < together ? width : together;
    T best[together];
    Place places[together] = {};
    for (std::int64_t k = 0; k < count; ++k) best[k] = x[k];
    for (std::int64_t i = 1; i < n; ++i) {
      const T* row = x + i * stride;
      for (std::int64_t k = 0; k < count; ++k) {
        const bool wins = beats<which>(row[k], best[k]);
        best[k] = wins ? row[k] : best[k];
        places[k] = wins ? static_cast<Place>(i) : places[k];
      }
    }
    for (std::int64_t k = 0; k < count; ++k) y[k] = places[k];
  }
}

template <Extreme which, class T>
void extreme_rows(const T* x, std::int64_t stride, std::int64_t rows, T* __restrict y, std::int64_t width) {
  for (; rows > 0; --rows, x += stride) {
    for (std::int64_t i = 0; i < width; ++i) y[i] = more_extreme<which>(y[i], x[i]);
  }
}

}  // namespace

template <Isa, Extreme which, class T>
ExtremeLoops<T> extreme_loops() {
  return {extreme_each<which, T>, place_of_each<which, T>, extreme_rows<which, T>, places_of_columns<which, T>};
}

template ExtremeLoops<float> extreme_loops<this_isa, Extreme::max>();
template ExtremeLoops<float> extreme_loops<this_isa, Extreme::min>();
template ExtremeLoops<double> extreme_loops<this_isa, Extreme::max>();
template ExtremeLoops<double> extreme_loops<this_isa, Extreme::min>();

}  // namespace ebb::kernels
