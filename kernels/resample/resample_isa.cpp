#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/resample/combine_rows.h"

namespace ebb::kernels {
namespace {

/// y = the sum of weighted rows of x, two of them at a time.
template <class T>
void combine_row(const T* x, const std::int64_t* columns, const T* weights, std::int64_t entries, std::int64_t inner,
                 T* __restrict y) {
  if (entries == 0) {
    for (std::int64_t i = 0; i < inner; ++i) y[i] = 0;
    return;
  }
  const T* const first = x + columns[0] * inner;
  const T weight = weights[0];
  if (entries % 2 == 0) {
    const T* const second = x + columns[1] * inner;
    const T other = weights[1];
    for (std::int64_t i = 0; i < inner; ++i) y[i] = weight * first[i] + other * second[i];
  } else {
    for (std::int64_t i = 0; i < inner; ++i) y[i] = weight * first[i];
  }
  for (std::int64_t k = 2 - entries % 2; k < entries; k += 2) {
    const T *const a = x + columns[k] * inner, *const b = x + columns[k + 1] * inner;
    const T a_weight = weights[k], b_weight = weights[k + 1];
    for (std::int64_t i = 0; i < inner; ++i) y[i] = y[i] + a_weight * a[i] + b_weight * b[i];
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
