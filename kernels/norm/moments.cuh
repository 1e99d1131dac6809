#pragma once

#include "ebb/kernels/cuda/launch.cuh"

namespace ebb::kernels {

/// Count, mean and sum of squared deviations of some numbers.
template <class T>
struct Moments {
  T count, mean, m2;
};

/// Those of both parts together; Chan, Golub and LeVeque (1979), of which Welford's recurrence is a case.
template <class T>
__device__ Moments<T> merged(const Moments<T>& a, const Moments<T>& b) {
  const T count = a.count + b.count;
  if (count == T(0)) return a;
  const T delta = b.mean - a.mean, share = b.count / count;
  return {count, a.mean + delta * share, a.m2 + b.m2 + delta * delta * a.count * share};
}

}  // namespace ebb::kernels
