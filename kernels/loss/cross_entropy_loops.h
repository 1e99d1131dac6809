#pragma once

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/cpu/lines.h"
#include "ebb/kernels/loss/cross_entropy_ops.h"

namespace ebb::kernels {

/// Of n neighbours.
template <Isa, class T>
LineSums<T> cross_entropy_row(const T* x, std::int64_t n, bool with_mean);

/// Of `width` <= columns_together neighbouring columns, whose n elements lie `stride` apart.
template <Isa, class T>
void cross_entropy_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width, bool with_mean,
                           LineSums<T>* sums);

/// What the gradient of a line is made of.
template <class T>
struct LineGradient {
  const T* norm;  // its maximum and log sum
  T dy;
  std::int64_t target;  // or is_ignored
};

inline constexpr std::int64_t is_ignored = -1;

template <Isa, class T>
void cross_entropy_row_backward(const T* x, std::int64_t n, const LineGradient<T>& line, const TargetShares<T>& shares,
                                T* dx);
template <Isa, class T>
void cross_entropy_columns_backward(const T* x, std::int64_t n, std::int64_t stride, std::int64_t width,
                                    const LineGradient<T>* lines, const TargetShares<T>& shares, T* dx);

}  // namespace ebb::kernels
