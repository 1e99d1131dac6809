#pragma once

#include <cmath>
#include <concepts>

#include "ebb/kernels/elementwise/real_math.h"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

// Functors of one element that only reals have: one formula for both devices.

struct Reciprocal {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return T(1) / x;
  }
};

struct Exp {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return real::exp(x);
  }
};

struct Log {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return real::log(x);
  }
};

struct Log1p {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return real::log1p(x);
  }
};

struct Sqrt {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::sqrt(x);
  }
};

struct Rsqrt {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return T(1) / std::sqrt(x);
  }
};

struct Sin {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::sin(x);
  }
};

struct Cos {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::cos(x);
  }
};

struct Tanh {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return real::tanh(x);
  }
};

struct Sigmoid {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return T(1) / (T(1) + real::exp(-x));
  }
};

struct Expm1 {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return real::expm1(x);
  }
};

struct Log2 {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::log2(x);
  }
};

struct Log10 {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::log10(x);
  }
};

struct Tan {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::tan(x);
  }
};

struct Asin {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::asin(x);
  }
};

struct Acos {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::acos(x);
  }
};

struct Atan {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::atan(x);
  }
};

struct Sinh {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::sinh(x);
  }
};

struct Cosh {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::cosh(x);
  }
};

struct Erf {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return real::erf(x);
  }
};

struct Floor {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::floor(x);
  }
};

struct Ceil {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::ceil(x);
  }
};

struct Round {  // halves go to the even neighbour
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::rint(x);
  }
};

struct Trunc {
  template <std::floating_point T>
  EBB_HOST_DEVICE T operator()(T x) const {
    return std::trunc(x);
  }
};

}  // namespace ebb::kernels
