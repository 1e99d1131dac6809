#pragma once

#include <cmath>
#include <limits>

#include "ebb/kernels/cuda/divider.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/loss/cross_entropy_ops.h"
#include "ebb/kernels/softmax/softmax_ops.cuh"

// What the threads of a line of scores make of it, wherever its elements lie.

namespace ebb::kernels {

/// The classes that are meant.
struct LineTargets {
  const std::int64_t* target;
  std::int64_t ignored, classes;

  __device__ bool contain(std::int64_t c) const { return c >= 0 && c < classes; }
};

/// The forward pass: the line's elements lie `step` apart from x on.
template <class T>
struct LineLosses {
  using A = OpMath<T>;
  LineTargets targets;
  TargetShares<A> shares;
  A *losses, *norms;

  /// A finite number near those of the line, from which their mean is taken.
  __device__ A origin(const T* x, std::int64_t step, std::int64_t line) const {
    if (!(shares.even > 0)) return 0;
    const std::int64_t c = targets.target[line];
    if (c == targets.ignored || !targets.contain(c)) return 0;
    const A near = widened(x[c * step]);
    return std::isfinite(near) ? near : A(0);
  }

  __device__ void store(const T* x, std::int64_t step, std::int64_t line, const LineSums<A>& sums) const {
    const std::int64_t c = targets.target[line];
    store_packet(norms + 2 * line, Packet<A, 2>{sums.max, sums.log_sum});
    if (c == targets.ignored) {
      losses[line] = 0;
    } else {
      losses[line] = targets.contain(c) ? shares.loss(sums, widened(x[c * step])) : std::numeric_limits<A>::quiet_NaN();
    }
  }

  /// The same, given the sum of x - origin.
  __device__ void store(const T* x, std::int64_t step, std::int64_t line, const MaxAndSum<A>& all, A sum,
                        A origin) const {
    const A mean = sum / static_cast<A>(targets.classes) + (origin - all.max);
    store(x, step, line, {all.max, std::log(all.sum), mean});
  }
};

/// The gradient of a line's element.
template <class A>
struct LineSlope {
  bool is_ignored;
  std::int64_t target;
  A max, log_sum, dy;
  TargetShares<A> shares;

  __device__ A operator()(A x, std::int64_t c) const {
    const A own = c == target ? shares.own : A(0), slope = dy * (std::exp(x - max - log_sum) - shares.each - own);
    return is_ignored ? A(0) : slope;
  }
};

/// The backward pass.
template <class T>
struct LineSlopes {
  using A = OpMath<T>;
  LineTargets targets;
  TargetShares<A> shares;
  const A *norms, *dy;
  std::int64_t dy_outer, dy_inner;
  Divider inner;

  __device__ LineSlope<A> of(std::int64_t line) const {
    const std::int64_t outer = inner.quotient(line),
                       place = outer * dy_outer + (line - outer * inner.divisor()) * dy_inner;
    const std::int64_t c = targets.target[line];
    const auto norm = load_packet<A, 2>(norms + 2 * line);
    const A scale = c == targets.ignored || targets.contain(c) ? dy[place] : std::numeric_limits<A>::quiet_NaN();
    return {c == targets.ignored, c, norm.element[0], norm.element[1], scale, shares};
  }
};

}  // namespace ebb::kernels
