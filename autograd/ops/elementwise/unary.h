#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

// One element to one element. Integers are computed as float32 where the result is no integer.

Tensor neg(const Tensor& x, Site site = Site::current());
Tensor abs(const Tensor& x, Site site = Site::current());   ///< gradient sign(x): 0 at 0
Tensor sign(const Tensor& x, Site site = Site::current());  ///< 0 at 0 and at NaN; gradient 0
Tensor reciprocal(const Tensor& x, Site site = Site::current());
Tensor exp(const Tensor& x, Site site = Site::current());
Tensor expm1(const Tensor& x, Site site = Site::current());  ///< exp(x) - 1
Tensor log(const Tensor& x, Site site = Site::current());
Tensor log2(const Tensor& x, Site site = Site::current());
Tensor log10(const Tensor& x, Site site = Site::current());
Tensor log1p(const Tensor& x, Site site = Site::current());  ///< log(1 + x)
Tensor sqrt(const Tensor& x, Site site = Site::current());
Tensor rsqrt(const Tensor& x, Site site = Site::current());  ///< 1 / sqrt(x)
Tensor sin(const Tensor& x, Site site = Site::current());
Tensor cos(const Tensor& x, Site site = Site::current());
Tensor tan(const Tensor& x, Site site = Site::current());
Tensor asin(const Tensor& x, Site site = Site::current());
Tensor acos(const Tensor& x, Site site = Site::current());
Tensor atan(const Tensor& x, Site site = Site::current());
Tensor sinh(const Tensor& x, Site site = Site::current());
Tensor cosh(const Tensor& x, Site site = Site::current());
Tensor erf(const Tensor& x, Site site = Site::current());  ///< 2 / sqrt(pi) times the integral of exp(-t^2) from 0
Tensor square(const Tensor& x, Site site = Site::current());

// The integer that is not greater, not smaller, nearest (the even one of two) and nearer to 0; gradient 0.
Tensor floor(const Tensor& x, Site site = Site::current());
Tensor ceil(const Tensor& x, Site site = Site::current());
Tensor round(const Tensor& x, Site site = Site::current());
Tensor trunc(const Tensor& x, Site site = Site::current());

/// x limited to [low, high]; an absent bound does not limit. Gradient 1 between them, 0 on and beyond them.
Tensor clamp(const Tensor& x, std::optional<Scalar> low, std::optional<Scalar> high, Site site = Site::current());

/// The same with a bound for each element; shapes broadcast, dtypes are promoted. An undefined bound does not limit.
/// Where x equals a bound the two share the gradient.
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high, Site site = Site::current());

}  // namespace ebb
