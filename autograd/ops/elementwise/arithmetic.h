#pragma once

#include "ebb/autograd/ops/elementwise/operand.h"
#include "ebb/core/tensor.h"

namespace ebb {

// Arithmetic, element by element. Shapes broadcast by NumPy's rules, dtypes are promoted as in PyTorch: a gradient
// comes back in the shape and dtype of its operand. `alpha` scales the second operand.

Tensor add(const Tensor& a, const Tensor& b, Scalar alpha = 1, Site site = Site::current());
Tensor add(const Tensor& a, Scalar b, Scalar alpha = 1, Site site = Site::current());
Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha = 1, Site site = Site::current());
Tensor sub(const Tensor& a, Scalar b, Scalar alpha = 1, Site site = Site::current());
Tensor sub(Scalar a, const Tensor& b, Site site = Site::current());
Tensor mul(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor mul(const Tensor& a, Scalar b, Site site = Site::current());
/// True division: of integers too the result is float32.
Tensor div(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor div(const Tensor& a, Scalar b, Site site = Site::current());
Tensor div(Scalar a, const Tensor& b, Site site = Site::current());
Tensor pow(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor pow(const Tensor& a, Scalar exponent, Site site = Site::current());
Tensor pow(Scalar base, const Tensor& exponent, Site site = Site::current());
/// The greater, NaN where either is; equal operands share the gradient.
Tensor maximum(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor minimum(const Tensor& a, const Tensor& b, Site site = Site::current());

/// What division to an integer leaves: of the sign of `a` (fmod, as in C) or of `b` (remainder, as in Python). An
/// integer has none by 0.
Tensor fmod(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor fmod(const Tensor& a, Scalar b, Site site = Site::current());
Tensor remainder(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor remainder(const Tensor& a, Scalar b, Site site = Site::current());

/// `dy` summed over the dimensions that broadcasting added to, or stretched in, a tensor of `shape`.
Tensor sum_to(const Tensor& dy, const Shape& shape, Site site = Site::current());

/// The dtype of an op on both, as PyTorch decides: a scalar tensor gives way to one with dimensions of its kind.
DType result_type(const Tensor& a, const Tensor& b);
DType result_type(const Tensor& a, Scalar b);
/// `value` as a scalar tensor of the dtype of an op with `x`, on its device.
Tensor scalar_like(const Tensor& x, Scalar value);

inline Tensor operator+(Operand a, Operand b) { return add(a.tensor, b.tensor, 1, a.site); }
inline Tensor operator+(Operand a, Scalar b) { return add(a.tensor, b, 1, a.site); }
inline Tensor operator+(Scalar a, Operand b) { return add(b.tensor, a, 1, b.site); }
inline Tensor operator-(Operand a, Operand b) { return sub(a.tensor, b.tensor, 1, a.site); }
inline Tensor operator-(Operand a, Scalar b) { return sub(a.tensor, b, 1, a.site); }
inline Tensor operator-(Scalar a, Operand b) { return sub(a, b.tensor, b.site); }
inline Tensor operator*(Operand a, Operand b) { return mul(a.tensor, b.tensor, a.site); }
inline Tensor operator*(Operand a, Scalar b) { return mul(a.tensor, b, a.site); }
inline Tensor operator*(Scalar a, Operand b) { return mul(b.tensor, a, b.site); }
inline Tensor operator/(Operand a, Operand b) { return div(a.tensor, b.tensor, a.site); }
inline Tensor operator/(Operand a, Scalar b) { return div(a.tensor, b, a.site); }
inline Tensor operator/(Scalar a, Operand b) { return div(a, b.tensor, b.site); }
inline Tensor operator-(Operand a) { return mul(a.tensor, -1, a.site); }

inline const Tensor& operator+=(const Tensor& a, Operand b) { return a.add_(b.tensor, 1, b.site), a; }
inline const Tensor& operator-=(const Tensor& a, Operand b) { return a.sub_(b.tensor, 1, b.site), a; }
inline const Tensor& operator*=(const Tensor& a, Operand b) { return a.mul_(b.tensor, b.site), a; }
inline const Tensor& operator/=(const Tensor& a, Operand b) { return a.div_(b.tensor, b.site), a; }

}  // namespace ebb
