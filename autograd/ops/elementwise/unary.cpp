#include "ebb/autograd/ops/elementwise/unary.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::compute;
using ops::real;

Tensor neg(const Tensor& x, Site site) {
  const OpScope op("neg", site);
  check(x.dtype() != kBool, "the negative of a bool tensor is not defined; use logical_not");
  return record(compute(kernels::Neg{}, x), wrt(x, [](const Tensor& dy) { return neg(dy); }));
}

Tensor abs(const Tensor& x, Site site) {
  const OpScope op("abs", site);
  return record(compute(kernels::Abs{}, x), wrt(x, [x = Saved(x)](const Tensor& dy) { return dy * sign(x); }));
}

Tensor sign(const Tensor& x, Site site) {
  const OpScope op("sign", site);
  return record(compute(kernels::Sign{}, x), wrt(x, [](const Tensor& dy) { return zeros_like(dy); }));
}

Tensor reciprocal(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return reciprocal(as(x), site);
  const OpScope op("reciprocal", site);
  const Tensor r = real(x);
  return record(compute(kernels::Reciprocal{}, r),
                wrt(r, [](const Tensor& dy, const Tensor& y) { return -dy * y * y; }));
}

Tensor exp(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return exp(as(x), site);
  const OpScope op("exp", site);
  const Tensor r = real(x);
  return record(compute(kernels::Exp{}, r), wrt(r, [](const Tensor& dy, const Tensor& y) { return dy * y; }));
}

Tensor expm1(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return expm1(as(x), site);
  const OpScope op("expm1", site);
  const Tensor r = real(x);
  return record(compute(kernels::Expm1{}, r), wrt(r, [](const Tensor& dy, const Tensor& y) { return dy * (y + 1); }));
}

Tensor log(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return log(as(x), site);
  const OpScope op("log", site);
  const Tensor r = real(x);
  return record(compute(kernels::Log{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return dy / r; }));
}

Tensor log2(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return log2(as(x), site);
  const OpScope op("log2", site);
  const Tensor r = real(x);
  return record(compute(kernels::Log2{}, r),
                wrt(r, [r = Saved(r)](const Tensor& dy) { return dy / (r * std::numbers::ln2); }));
}

Tensor log10(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return log10(as(x), site);
  const OpScope op("log10", site);
  const Tensor r = real(x);
  return record(compute(kernels::Log10{}, r),
                wrt(r, [r = Saved(r)](const Tensor& dy) { return dy / (r * std::numbers::ln10); }));
}

Tensor log1p(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return log1p(as(x), site);
  const OpScope op("log1p", site);
  const Tensor r = real(x);
  return record(compute(kernels::Log1p{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return dy / (r + 1); }));
}

Tensor sqrt(const Tensor& x, Site site) {
  const OpScope op("sqrt", site);
  const Tensor r = real(x);
  return record(compute(kernels::Sqrt{}, r), wrt(r, [](const Tensor& dy, const Tensor& y) { return dy / (y * 2); }));
}

Tensor rsqrt(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return rsqrt(as(x), site);
  const OpScope op("rsqrt", site);
  const Tensor r = real(x);
  return record(compute(kernels::Rsqrt{}, r),
                wrt(r, [](const Tensor& dy, const Tensor& y) { return dy * -0.5 * pow(y, 3); }));
}

Tensor sin(const Tensor& x, Site site) {
  const OpScope op("sin", site);
  const Tensor r = real(x);
  return record(compute(kernels::Sin{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return dy * cos(r); }));
}

Tensor cos(const Tensor& x, Site site) {
  const OpScope op("cos", site);
  const Tensor r = real(x);
  return record(compute(kernels::Cos{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return -dy * sin(r); }));
}

Tensor tan(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return tan(as(x), site);
  const OpScope op("tan", site);
  const Tensor r = real(x);
  return record(compute(kernels::Tan{}, r), wrt(r, [](const Tensor& dy, const Tensor& y) { return dy * (y * y + 1); }));
}

Tensor asin(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return asin(as(x), site);
  const OpScope op("asin", site);
  const Tensor r = real(x);
  return record(compute(kernels::Asin{}, r),
                wrt(r, [r = Saved(r)](const Tensor& dy) { return dy * rsqrt(1 - r * r); }));
}

Tensor acos(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return acos(as(x), site);
  const OpScope op("acos", site);
  const Tensor r = real(x);
  return record(compute(kernels::Acos{}, r),
                wrt(r, [r = Saved(r)](const Tensor& dy) { return -dy * rsqrt(1 - r * r); }));
}

Tensor atan(const Tensor& x, Site site) {
  const OpScope op("atan", site);
  const Tensor r = real(x);
  return record(compute(kernels::Atan{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return dy / (r * r + 1); }));
}

Tensor sinh(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return sinh(as(x), site);
  const OpScope op("sinh", site);
  const Tensor r = real(x);
  return record(compute(kernels::Sinh{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return dy * cosh(r); }));
}

Tensor cosh(const Tensor& x, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return cosh(as(x), site);
  const OpScope op("cosh", site);
  const Tensor r = real(x);
  return record(compute(kernels::Cosh{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) { return dy * sinh(r); }));
}

Tensor erf(const Tensor& x, Site site) {
  const OpScope op("erf", site);
  const Tensor r = real(x);
  return record(compute(kernels::Erf{}, r), wrt(r, [r = Saved(r)](const Tensor& dy) {
                  return dy * (exp(-square(r)) * (2 * std::numbers::inv_sqrtpi));
                }));
}

Tensor square(const Tensor& x, Site site) {
  const OpScope op("square", site);
  return pow(x, 2);
}

/// An integer is what it is rounded to.
static Tensor rounded(const kernels::UnaryOp& op, const Tensor& x) {
  check(x.dtype() != kBool, "is not defined for bool tensors");
  if (!is_floating(x.dtype())) return x.detach().clone();
  return record(compute(op, x), wrt(x, [](const Tensor& dy) { return zeros_like(dy); }));
}

Tensor floor(const Tensor& x, Site site) {
  const OpScope op("floor", site);
  return rounded(kernels::Floor{}, x);
}

Tensor ceil(const Tensor& x, Site site) {
  const OpScope op("ceil", site);
  return rounded(kernels::Ceil{}, x);
}

Tensor round(const Tensor& x, Site site) {
  const OpScope op("round", site);
  return rounded(kernels::Round{}, x);
}

Tensor trunc(const Tensor& x, Site site) {
  const OpScope op("trunc", site);
  return rounded(kernels::Trunc{}, x);
}

Tensor clamp(const Tensor& x, std::optional<Scalar> low, std::optional<Scalar> high, Site site) {
  const OpScope op("clamp", site);
  check(low || high, "at least one of low and high must be given");
  using Limits = std::numeric_limits<std::int64_t>;
  const double inf = std::numeric_limits<double>::infinity();
  const bool real = is_floating(x.dtype()) || (low && low->dtype() == kFloat64) || (high && high->dtype() == kFloat64);
  const Scalar a = low ? *low : real ? Scalar(-inf) : Scalar(Limits::min());
  const Scalar b = high ? *high : real ? Scalar(inf) : Scalar(Limits::max());
  const Tensor r = real && !is_floating(x.dtype()) ? x.to(kFloat32) : x;
  return record(compute(kernels::Clamp{kernels::Immediate(a), kernels::Immediate(b)}, r),
                wrt(r, [r = Saved(r), low, high](const Tensor& dy) {
                  const Tensor above = low ? gt(r, *low) : ones_like(r).to(kBool);
                  const Tensor between = high ? logical_and(above, lt(r, *high)) : above;
                  return where(between, dy, zeros_like(dy));
                }));
}

Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high, Site site) {
  const OpScope op("clamp", site);
  check(low.defined() || high.defined(), "at least one of low and high must be given");
  const Tensor raised = low.defined() ? maximum(x, low) : x;
  return high.defined() ? minimum(raised, high) : raised;
}

}  // namespace ebb
