#include <algorithm>

#include "ebb/kernels/cpu/row_max.h"
#include "ebb/kernels/cpu/row_sums.h"
#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/cpu/vector_math.h"
#include "ebb/kernels/loss/cross_entropy_loops.h"

namespace ebb::kernels {
namespace {

/// The sum of exp(x - max), by blocks: loops over a buffer are what the compiler makes vectors of.
template <class T>
[[gnu::always_inline]] inline double sum_of_exp(const T* x, std::int64_t n, T max) {
  T shifted[summed_in_block];
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += summed_in_block) {
    const std::int64_t count = n - begin < summed_in_block ? n - begin : summed_in_block;
    for (std::int64_t i = 0; i < count; ++i) shifted[i] = vector_math::exp(x[begin + i] - max);
    total += sum_of<T>(count, [&shifted](std::int64_t i) { return shifted[i]; });
  }
  return total;
}

/// Inlined, for GCC 12 leaves vzeroupper out after the call, and the caller's SSE code then waits for this.
template <class T>
[[gnu::always_inline]] inline T gradient_of_target(const LineGradient<T>& line, const TargetShares<T>& shares, T x) {
  return line.dy * (vector_math::exp(x - line.norm[0] - line.norm[1]) - shares.each - shares.own);
}

}  // namespace

template <Isa, class T>
LineSums<T> cross_entropy_row(const T* x, std::int64_t n, bool with_mean) {
  LineSums<T> line{max_of(x, n), 0, 0};
  line.log_sum = vector_math::log(static_cast<T>(sum_of_exp(x, n, line.max)));
  if (with_mean) {
    const double sum = sum_of<T>(n, [x, max = line.max](std::int64_t i) { return x[i] - max; });
    line.mean = static_cast<T>(sum / static_cast<double>(n));
  }
  return line;
}

template <Isa, class T>
void cross_entropy_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width, bool with_mean,
                           LineSums<T>* sums) {
  T max[columns_together], sum[columns_together] = {}, below[columns_together] = {};
  max_of_columns(x, n, stride, width, max);
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    for (std::int64_t k = 0; k < width; ++k) sum[k] += vector_math::exp(row[k] - max[k]);
  }
  for (std::int64_t i = 0; with_mean && i < n; ++i) {
    const T* row = x + i * stride;
    for (std::int64_t k = 0; k < width; ++k) below[k] += row[k] - max[k];
  }
  for (std::int64_t k = 0; k < width; ++k) sum[k] = vector_math::log(sum[k]);
  for (std::int64_t k = 0; k < width; ++k) sums[k] = {max[k], sum[k], below[k] / static_cast<T>(n)};
}

template <Isa, class T>
void cross_entropy_row_backward(const T* x, std::int64_t n, const LineGradient<T>& line, const TargetShares<T>& shares,
                                T* __restrict dx) {
  if (line.target == is_ignored) {
    std::fill_n(dx, n, T(0));
    return;
  }
  const T max = line.norm[0], log_sum = line.norm[1], dy = line.dy, each = shares.each;
  for (std::int64_t i = 0; i < n; ++i) dx[i] = dy * (vector_math::exp(x[i] - max - log_sum) - each);
  dx[line.target] = gradient_of_target(line, shares, x[line.target]);
}

template <Isa, class T>
void cross_entropy_columns_backward(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width,
                                    const LineGradient<T>* lines, const TargetShares<T>& shares, T* __restrict dx) {
  T max[columns_together], log_sum[columns_together], dy[columns_together];
  for (std::int64_t k = 0; k < width; ++k) {
    max[k] = lines[k].norm[0];
    log_sum[k] = lines[k].norm[1];
    dy[k] = lines[k].dy;
  }
  const T each = shares.each;
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = x + i * stride;
    T* to = dx + i * stride;
    for (std::int64_t k = 0; k < width; ++k) to[k] = dy[k] * (vector_math::exp(row[k] - max[k] - log_sum[k]) - each);
  }
  for (std::int64_t k = 0; k < width; ++k) {
    const std::int64_t target = lines[k].target;
    if (target == is_ignored) {
      for (std::int64_t i = 0; i < n; ++i) dx[i * stride + k] = T(0);
    } else {
      dx[target * stride + k] = gradient_of_target(lines[k], shares, x[target * stride + k]);
    }
  }
}

template LineSums<float> cross_entropy_row<this_isa>(const float*, std::int64_t, bool);
template LineSums<double> cross_entropy_row<this_isa>(const double*, std::int64_t, bool);
template void cross_entropy_columns<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t, bool,
                                              LineSums<float>*);
template void cross_entropy_columns<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t, bool,
                                              LineSums<double>*);
template void cross_entropy_row_backward<this_isa>(const float*, std::int64_t, const LineGradient<float>&,
                                                   const TargetShares<float>&, float*);
template void cross_entropy_row_backward<this_isa>(const double*, std::int64_t, const LineGradient<double>&,
                                                   const TargetShares<double>&, double*);
template void cross_entropy_columns_backward<this_isa>(const float*, std::int64_t, std::int64_t, std::int64_t,
                                                       const LineGradient<float>*, const TargetShares<float>&, float*);
template void cross_entropy_columns_backward<this_isa>(const double*, std::int64_t, std::int64_t, std::int64_t,
                                                       const LineGradient<double>*, const TargetShares<double>&,
                                                       double*);

}  // namespace ebb::kernels
