#pragma once

#include <cstdint>

#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// Of a line of scores x: its maximum, the logarithm of the sum of exp(x - max), and the mean of x - max, which only
/// smoothed targets need.
template <class T>
struct LineSums {
  T max, log_sum, mean;
};

/// The shares of the target's class and of every class in a target.
template <class T>
struct TargetShares {
  TargetShares(double smoothing, std::int64_t classes)
      : own(static_cast<T>(1 - smoothing)),
        even(static_cast<T>(smoothing)),
        each(static_cast<T>(smoothing / static_cast<double>(classes))) {}

  /// `score` is x[target].
  EBB_HOST_DEVICE T loss(const LineSums<T>& line, T score) const {
    const T of_target = line.log_sum - (score - line.max);
    return even > 0 ? own * of_target + even * (line.log_sum - line.mean) : of_target;
  }

  T own, even, each;
};

}  // namespace ebb::kernels
