#pragma once

#include "ebb/autograd/ops/elementwise/operand.h"
#include "ebb/core/tensor.h"

namespace ebb {

// Bool tensors, element by element; shapes broadcast, dtypes are promoted. None has a gradient, but for `where`.

Tensor eq(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor eq(const Tensor& a, Scalar b, Site site = Site::current());
Tensor ne(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor ne(const Tensor& a, Scalar b, Site site = Site::current());
Tensor lt(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor lt(const Tensor& a, Scalar b, Site site = Site::current());
Tensor le(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor le(const Tensor& a, Scalar b, Site site = Site::current());
Tensor gt(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor gt(const Tensor& a, Scalar b, Site site = Site::current());
Tensor ge(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor ge(const Tensor& a, Scalar b, Site site = Site::current());

Tensor logical_and(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor logical_or(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor logical_xor(const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor logical_not(const Tensor& a, Site site = Site::current());
Tensor isnan(const Tensor& x, Site site = Site::current());
Tensor isinf(const Tensor& x, Site site = Site::current());
Tensor isfinite(const Tensor& x, Site site = Site::current());

/// Elements of `a` where `condition` (bool) holds, of `b` elsewhere; all three broadcast.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, Site site = Site::current());
Tensor where(const Tensor& condition, const Tensor& a, Scalar b, Site site = Site::current());
Tensor where(const Tensor& condition, Scalar a, const Tensor& b, Site site = Site::current());

/// Whether shapes, dtypes and all elements are equal; NaN equals nothing.
bool equal(const Tensor& a, const Tensor& b, Site site = Site::current());
/// Whether |a - b| <= atol + rtol |b| everywhere; equal infinities are close, and NaN to NaN where `equal_nan`.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
              Site site = Site::current());

inline Tensor operator==(Operand a, Operand b) { return eq(a.tensor, b.tensor, a.site); }
inline Tensor operator==(Operand a, Scalar b) { return eq(a.tensor, b, a.site); }
inline Tensor operator==(Scalar a, Operand b) { return eq(b.tensor, a, b.site); }
inline Tensor operator!=(Operand a, Operand b) { return ne(a.tensor, b.tensor, a.site); }
inline Tensor operator!=(Operand a, Scalar b) { return ne(a.tensor, b, a.site); }
inline Tensor operator!=(Scalar a, Operand b) { return ne(b.tensor, a, b.site); }
inline Tensor operator<(Operand a, Operand b) { return lt(a.tensor, b.tensor, a.site); }
inline Tensor operator<(Operand a, Scalar b) { return lt(a.tensor, b, a.site); }
inline Tensor operator<(Scalar a, Operand b) { return gt(b.tensor, a, b.site); }
inline Tensor operator<=(Operand a, Operand b) { return le(a.tensor, b.tensor, a.site); }
inline Tensor operator<=(Operand a, Scalar b) { return le(a.tensor, b, a.site); }
inline Tensor operator<=(Scalar a, Operand b) { return ge(b.tensor, a, b.site); }
inline Tensor operator>(Operand a, Operand b) { return gt(a.tensor, b.tensor, a.site); }
inline Tensor operator>(Operand a, Scalar b) { return gt(a.tensor, b, a.site); }
inline Tensor operator>(Scalar a, Operand b) { return lt(b.tensor, a, b.site); }
inline Tensor operator>=(Operand a, Operand b) { return ge(a.tensor, b.tensor, a.site); }
inline Tensor operator>=(Operand a, Scalar b) { return ge(a.tensor, b, a.site); }
inline Tensor operator>=(Scalar a, Operand b) { return le(b.tensor, a, b.site); }

// logical_and, logical_or, logical_xor and logical_not of masks: bool tensors only.

Tensor operator&(Operand a, Operand b);
Tensor operator|(Operand a, Operand b);
Tensor operator^(Operand a, Operand b);
Tensor operator~(Operand a);

}  // namespace ebb
