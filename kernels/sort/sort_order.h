#pragma once

#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// Whether `a` stands before `b`: NaN is greater than any number, and equal to NaN.
template <class T>
EBB_HOST_DEVICE bool precedes(T a, T b, bool descending) {
  const bool a_is_nan = a != a, b_is_nan = b != b;
  if (a_is_nan || b_is_nan) return a_is_nan != b_is_nan && a_is_nan == descending;
  return descending ? a > b : a < b;
}

}  // namespace ebb::kernels
