#include "ebb/kernels/cpu/row_max.h"
#include "ebb/kernels/cpu/row_sums.h"
#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/cpu/vector_math.h"
#include "ebb/kernels/softmax/softmax_loops.h"

namespace ebb::kernels {

template <Isa, class T>
void softmax_row(const T* x, std::int64_t n, SoftmaxOf what, T* __restrict y) {
  const T max = max_of(x, n);
  for (std::int64_t i = 0; i < n; ++i) y[i] = vector_math::exp(x[i] - max);
  const T sum = static_cast<T>(sum_of<T>(n, [y](std::int64_t i) { return y[i]; }));
  if (what == SoftmaxOf::probability) {
    const T scale = T(1) / sum;
    for (std::int64_t i = 0; i < n; ++i) y[i] *= scale;
  } else {
    const T log_sum = vector_math::log(sum);
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] - max - log_sum;
  }
}

template <Isa, class T>
void softmax_row_backward(const T* dy, const T* y, std::int64_t n, SoftmaxOf what, T* __restrict dx) {
  if (what == SoftmaxOf::probability) {
    const T sum = static_cast<T>(sum_of<T>(n, [dy, y](std::int64_t i) { return dy[i] * y[i]; }));
    for (std::int64_t i = 0; i < n; ++i) dx[i] = (dy[i] - sum) * y[i];
  } else {
    const T sum = static_cast<T>(sum_of<T>(n, [dy](std::int64_t i) { return dy[i]; }));
    for (std::int64_t i = 0; i < n; ++i) dx[i] = dy[i] - vector_math::exp(y[i]) * sum;
  }
}

template <Isa, class T>
void softmax_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width, SoftmaxOf what,
                     T* __restrict y) {
  T max[columns_together], sum[columns_together] = {};
  max_of_columns(x, n, stride, width, max);
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    T* to = y + i * stride;
    for (std::int64_t k = 0; k < width; ++k) sum[k] += to[k] = vector_math::exp(row[k] - max[k]);
  }
  const bool is_log = what == SoftmaxOf::logarithm;
  for (std::int64_t k = 0; k < width; ++k) sum[k] = is_log ? vector_math::log(sum[k]) : sum[k];
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    T* to = y + i * stride;
    if (is_log) {
      for (std::int64_t k = 0; k < width; ++k) to[k] = row[k] - max[k] - sum[k];
    } else {
      for (std::int64_t k = 0; k < width; ++k) to[k] /= sum[k];
    }
  }
}

template <Isa, class T>
void softmax_columns_backward(const T* dy, const T* y, std::int64_t n, std::int64_t stride, std::int64_t width,
                              SoftmaxOf what, T* __restrict dx) {
  const bool is_log = what == SoftmaxOf::logarithm;
  T sum[columns_together] = {};
  for (std::int64_t i = 0; i < n; ++i) {
    const T *row = dy + i * stride, *out = y + i * stride;
    for (std::int64_t k = 0; k < width; ++k) sum[k] += is_log ? row[k] : row[k] * out[k];
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const T *row = dy + i * stride, *out = y + i * stride;
    T* to = dx + i * stride;
    if (is_log) {
      for (std::int64_t k = 0; k < width; ++k) to[k] = row[k] - vector_math::exp(out[k]) * sum[k];
    } else {
      for (std::int64_t k = 0; k < width; ++k) to[k] = (row[k] - sum[k]) * out[k];
    }
  }
}

template void softmax_row<this_isa>(const float*, std::int64_t, SoftmaxOf, float*);
template void softmax_row<this_isa>(const double*, std::int64_t, SoftmaxOf, double*);
template void softmax_row_backward<this_isa>(const float*, const float*, std::int64_t, SoftmaxOf, float*);
template void softmax_row_backward<this_isa>(const double*, const double*, std::int64_t, SoftmaxOf, double*);
template void softmax_columns<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t, SoftmaxOf, float*);
template void softmax_columns<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t, SoftmaxOf, double*);
template void softmax_columns_backward<this_isa>(const float*, const float*, std::int64_t, std::int64_t, std::int64_t,
                                                 SoftmaxOf, float*);
template void softmax_columns_backward<this_isa>(const double*, const double*, std::int64_t, std::int64_t, std::int64_t,
                                                 SoftmaxOf, double*);

}  // namespace ebb::kernels
