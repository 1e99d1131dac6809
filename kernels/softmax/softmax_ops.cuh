#pragma once

#include <cmath>
#include <limits>

#include "ebb/kernels/cuda/invoke.cuh"
#include "ebb/kernels/softmax/softmax.h"

namespace ebb::kernels {

/// The maximum m of some numbers and the sum of exp(x - m) over them; Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018.
template <class T>
struct MaxAndSum {
  T max, sum;

  __device__ static MaxAndSum of_none() { return {-std::numeric_limits<T>::infinity(), 0}; }

  template <int n>
  __device__ void add(const T (&x)[n]) {
    T greatest = max;
#pragma unroll
    for (int k = 0; k < n; ++k) greatest = x[k] > greatest ? x[k] : greatest;
    const T shift = shift_of(greatest);
    sum *= std::exp(max - shift);
#pragma unroll
    for (int k = 0; k < n; ++k) sum += std::exp(x[k] - shift);
    max = greatest;
  }

  __device__ static MaxAndSum of_both(const MaxAndSum& a, const MaxAndSum& b) {
    const T greatest = b.max > a.max ? b.max : a.max, shift = shift_of(greatest);
    return {greatest, a.sum * std::exp(a.max - shift) + b.sum * std::exp(b.max - shift)};
  }

  /// Where there is no maximum yet, what leaves exp(-infinity - shift) at 0.
  __device__ static T shift_of(T max) { return max == -std::numeric_limits<T>::infinity() ? T(0) : max; }
};

/// How a result is made of the maximum and the sum.
template <class T>
struct SoftmaxResult {
  __device__ SoftmaxResult(SoftmaxOf what, const MaxAndSum<T>& row)
      : is_log(what == SoftmaxOf::logarithm), max(row.max), scale(is_log ? std::log(row.sum) : T(1) / row.sum) {}

  __device__ T operator()(T x) const { return is_log ? x - max - scale : std::exp(x - max) * scale; }

  bool is_log;
  T max, scale;  // the logarithm of the sum, or one over it
};

struct SoftmaxGradient {
  SoftmaxOf what;

  /// What is summed along a row.
  template <class T>
  __device__ T term(T dy, T y) const {
    return what == SoftmaxOf::logarithm ? dy : dy * y;
  }
  template <class T>
  __device__ T result(T dy, T y, T sum) const {
    return what == SoftmaxOf::logarithm ? dy - std::exp(y) * sum : (dy - sum) * y;
  }
};

}  // namespace ebb::kernels
