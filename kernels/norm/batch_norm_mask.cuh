#pragma once

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/packet.cuh"

// What is left of the gradient of a batch norm's result below the activation that follows it. A mask gives what it
// loads of a row, and a rule for some channels that says what is kept of a gradient.

namespace ebb::kernels::channels {

/// No activation.
template <class T>
struct KeepsAll {
  template <int n>
  struct Row {};
  struct Rule {
    template <class Row>
    __device__ T kept(T dy, T, const Row&, int) const {
      return dy;
    }
  };
  template <int n>
  __device__ Rule begin(std::int64_t) const {
    return {};
  }
  template <int n>
  __device__ Row<n> load(std::int64_t) const {
    return {};
  }
};

/// ReLU of the batch norm alone, whose result is computed again: (x - mean) * scale * inverse + shift.
template <class T>
struct KeepsPositive {
  const T *scale, *inverse, *shift;

  template <int n>
  struct Row {};
  template <int n>
  struct Rule {
    Packet<T, n> scale, shift;
    __device__ T kept(T dy, T deviation, const Row<n>&, int i) const {
      return deviation * scale.element[i] + shift.element[i] <= T(0) ? T(0) : dy;  // past NaN the gradient passes
    }
  };
  template <int n>
  __device__ Rule<n> begin(std::int64_t channel) const {
    Rule<n> rule{load_packet<T, n>(scale + channel), load_packet<T, n>(shift + channel)};
    const auto factor = load_packet<T, n>(inverse + channel);
    for (int i = 0; i < n; ++i) rule.scale.element[i] *= factor.element[i];
    return rule;
  }
  template <int n>
  __device__ Row<n> load(std::int64_t) const {
    return {};
  }
};

/// ReLU of any result y, of elements T.
template <class T>
struct KeepsWherePositive {
  const T* y;

  template <int n>
  using Row = Packet<T, n>;
  struct Rule {
    template <int n>
    __device__ OpMath<T> kept(OpMath<T> dy, OpMath<T>, const Packet<T, n>& y, int i) const {
      return widened(y.element[i]) <= OpMath<T>(0) ? OpMath<T>(0) : dy;
    }
  };
  template <int n>
  __device__ Rule begin(std::int64_t) const {
    return {};
  }
  template <int n>
  __device__ Row<n> load(std::int64_t at) const {
    return load_packet<T, n>(y + at);
  }
};

}  // namespace ebb::kernels::channels
