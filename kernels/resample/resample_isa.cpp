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

template <class T>
void combine_elements(const CombineRows<T>& task) {
  for (std::int64_t row = 0; row < task.rows; ++row) {
    const std::int64_t first = task.offsets[row], end = task.offsets[row + 1];
    T sum = first < end ? task.weights[first] * task.x[task.columns[first]] : T(0);
    for (std::int64_t k = first + 1; k < end; ++k) sum += task.weights[k] * task.x[task.columns[k]];
    task.y[row] = sum;
  }
}

}  // namespace

template <Isa, class T>
void combine_rows(const CombineRows<T>& task) {
  if (task.inner == 1) return combine_elements(task);
  for (std::int64_t row = 0; row < task.rows; ++row) {
    const std::int64_t first = task.offsets[row];
    combine_row(task.x, task.columns + first, task.weights + first, task.offsets[row + 1] - first, task.inner,
                task.y + row * task.inner);
  }
}

template void combine_rows<this_isa>(const CombineRows<float>&);
template void combine_rows<this_isa>(const CombineRows<double>&);

}  // namespace ebb::kernels
