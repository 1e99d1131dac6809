#include "ebb/kernels/cpu/row_sums.h"
#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/reduce/sum_loops.h"

namespace ebb::kernels {

template <Isa, class T>
void sum_each(const T* x, std::int64_t x_step, std::int64_t n, T* y, std::int64_t y_step, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i, x += x_step) {
    y[i * y_step] = static_cast<T>(sum_of<T>(n, [x](std::int64_t k) { return x[k]; }));
  }
}

template <Isa, class T>
void add_rows(const T* x, std::int64_t stride, std::int64_t rows, T* __restrict y, std::int64_t width) {
  for (; rows >= 4; rows -= 4, x += 4 * stride) {
    const T *a = x, *b = a + stride, *c = b + stride, *d = c + stride;
    for (std::int64_t i = 0; i < width; ++i) y[i] += (a[i] + b[i]) + (c[i] + d[i]);
  }
  for (; rows > 0; --rows, x += stride) {
    for (std::int64_t i = 0; i < width; ++i) y[i] += x[i];
  }
}

template void sum_each<this_isa>(const float*, std::int64_t, std::int64_t, float*, std::int64_t, std::int64_t);
template void sum_each<this_isa>(const double*, std::int64_t, std::int64_t, double*, std::int64_t, std::int64_t);
template void add_rows<this_isa>(const float*, std::int64_t, std::int64_t, float*, std::int64_t);
template void add_rows<this_isa>(const double*, std::int64_t, std::int64_t, double*, std::int64_t);

}  // namespace ebb::kernels
