#pragma once

#include <cstdint>

#include "ebb/kernels/host_device.h"
#include "ebb/kernels/optim/optim_step.h"

// The steps of one element: one formula for both devices, in PyTorch's order of operations and with its roundings.
// Math gives fma and sqrt, and makes each instruction set's instances types of their own.

namespace ebb::kernels {

/// The gradient, towards the minimum, with weight decay.
template <class Math, class T>
struct Gradient {
  T sign, weight_decay;

  template <class Step>
  EBB_HOST_DEVICE explicit Gradient(const Step& s)
      : sign(static_cast<T>(s.maximize ? -1 : 1)), weight_decay(static_cast<T>(s.weight_decay)) {}

  EBB_HOST_DEVICE T operator()(T p, T g) const {
    const T descent = sign * g;
    return weight_decay != 0 ? Math::fma(p, weight_decay, descent) : descent;
  }
};

/// average + weight (x - average), from the nearer end.
template <class Math, class T>
EBB_HOST_DEVICE T lerp(T average, T x, T weight) {
  return weight < T(0.5) ? Math::fma(weight, x - average, average) : Math::fma(weight - 1, x - average, x);
}

template <class Math, class T, bool has_momentum>
struct Sgd {
  static constexpr int states = has_momentum ? 1 : 0;
  Gradient<Math, T> gradient;
  T descent, momentum, weight;
  bool nesterov, is_first;

  EBB_HOST_DEVICE explicit Sgd(const SgdStep& s)
      : gradient(s),
        descent(static_cast<T>(-s.lr)),
        momentum(static_cast<T>(s.momentum)),
        weight(static_cast<T>(1 - s.dampening)),
        nesterov(s.nesterov),
        is_first(s.is_first) {}

  EBB_HOST_DEVICE void operator()(T& p, T g, T* state) const {
    T d = gradient(p, g);
    if constexpr (has_momentum) {
      T& buffer = state[0];
      buffer = is_first ? d : Math::fma(weight, d, buffer * momentum);
      d = nesterov ? Math::fma(momentum, buffer, d) : buffer;
    }
    p = Math::fma(descent, d, p);
  }
};

template <class Math, class T, bool amsgrad>
struct Adam {
  static constexpr int states = amsgrad ? 3 : 2;
  Gradient<Math, T> gradient;
  T descent, weight1, beta2, weight2, eps, shrink, root_bias;

  EBB_HOST_DEVICE explicit Adam(const AdamStep& s)
      : gradient(s),
        descent(static_cast<T>(-s.step_size)),
        weight1(static_cast<T>(1 - s.beta1)),
        beta2(static_cast<T>(s.beta2)),
        weight2(static_cast<T>(1 - s.beta2)),
        eps(static_cast<T>(s.eps)),
        shrink(static_cast<T>(s.shrink)),
        root_bias(static_cast<T>(s.root_bias)) {}

  EBB_HOST_DEVICE void operator()(T& p, T g, T* state) const {
    const T d = gradient(p, g);
    T &mean = state[0], &square = state[1];
    mean = lerp<Math>(mean, d, weight1);
    square = Math::fma(weight2 * d, d, square * beta2);
    T greatest = square;
    if constexpr (amsgrad) {
      T& before = state[2];
      const bool rises = (square > before) | (square != square);  // NaN, too
      greatest = before = rises ? square : before;
    }
    const T scale = Math::sqrt(greatest) / root_bias + eps;
    p = p * shrink + descent * mean / scale;
  }
};

template <class Math, class T, bool has_momentum, bool centered>
struct Rmsprop {
  static constexpr int states = 1 + (has_momentum ? 1 : 0) + (centered ? 1 : 0);
  Gradient<Math, T> gradient;
  T descent, alpha, weight, eps, momentum;

  EBB_HOST_DEVICE explicit Rmsprop(const RmspropStep& s)
      : gradient(s),
        descent(static_cast<T>(-s.lr)),
        alpha(static_cast<T>(s.alpha)),
        weight(static_cast<T>(1 - s.alpha)),
        eps(static_cast<T>(s.eps)),
        momentum(static_cast<T>(s.momentum)) {}

  EBB_HOST_DEVICE void operator()(T& p, T g, T* state) const {
    const T d = gradient(p, g);
    T& square = state[0];
    square = Math::fma(weight * d, d, square * alpha);
    T variance = square;
    if constexpr (centered) {
      T& mean = state[states - 1];
      mean = lerp<Math>(mean, d, weight);
      variance = Math::fma(-mean, mean, square);
    }
    const T scale = Math::sqrt(variance) + eps;
    if constexpr (has_momentum) {
      T& buffer = state[1];
      buffer = buffer * momentum + d / scale;
      p = Math::fma(descent, buffer, p);
    } else {
      p = p + descent * d / scale;
    }
  }
};

template <class Math, class T>
struct Adagrad {
  static constexpr int states = 1;
  Gradient<Math, T> gradient;
  T descent, eps;

  EBB_HOST_DEVICE explicit Adagrad(const AdagradStep& s)
      : gradient(s), descent(static_cast<T>(-s.lr)), eps(static_cast<T>(s.eps)) {}

  EBB_HOST_DEVICE void operator()(T& p, T g, T* state) const {
    const T d = gradient(p, g);
    T& sum = state[0];
    sum = Math::fma(d, d, sum);
    p = p + descent * d / (Math::sqrt(sum) + eps);
  }
};

/// Calls `body` with the formula of the step.
template <class Math, class T, class Body>
void visit_formula(const SgdStep& s, Body&& body) {
  s.momentum != 0 ? body(Sgd<Math, T, true>(s)) : body(Sgd<Math, T, false>(s));
}
template <class Math, class T, class Body>
void visit_formula(const AdamStep& s, Body&& body) {
  s.amsgrad ? body(Adam<Math, T, true>(s)) : body(Adam<Math, T, false>(s));
}
template <class Math, class T, class Body>
void visit_formula(const RmspropStep& s, Body&& body) {
  if (s.momentum > 0) {
    s.centered ? body(Rmsprop<Math, T, true, true>(s)) : body(Rmsprop<Math, T, true, false>(s));
  } else {
    s.centered ? body(Rmsprop<Math, T, false, true>(s)) : body(Rmsprop<Math, T, false, false>(s));
  }
}
template <class Math, class T, class Body>
void visit_formula(const AdagradStep& s, Body&& body) {
  body(Adagrad<Math, T>(s));
}

/// One element, whose states lie in a, b and c as far as the formula has them.
template <class Formula, class T>
EBB_HOST_DEVICE void move(const Formula& formula, T& p, T g, T* a, T* b, T* c, std::int64_t i) {
  constexpr int states = Formula::states;
  T state[max_optim_states]{};
  if constexpr (states > 0) state[0] = a[i];
  if constexpr (states > 1) state[1] = b[i];
  if constexpr (states > 2) state[2] = c[i];
  formula(p, g, state);
  if constexpr (states > 0) a[i] = state[0];
  if constexpr (states > 1) b[i] = state[1];
  if constexpr (states > 2) c[i] = state[2];
}

}  // namespace ebb::kernels
