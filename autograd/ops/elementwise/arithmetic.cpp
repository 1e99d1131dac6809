#include "ebb/autograd/ops/elementwise/arithmetic.h"

#include <cmath>

#include "ebb/autograd/inference/chain.h"
#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/wrapping.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::compute;
using ops::in_dtype;
using ops::is_one;
using ops::MaybeOwned;
using ops::negated;
using ops::scaled;

namespace {

/// Both operands in one dtype, on one device.
struct Pair {
  MaybeOwned a, b;
};

Pair promoted(const Tensor& a, const Tensor& b, DType dtype) {
  ops::check_one_device(a, b);
  return {in_dtype(a, dtype), in_dtype(b, dtype)};
}

/// `x` in the dtype of an op with `s`.
MaybeOwned promoted(const Tensor& x, Scalar s) { return in_dtype(x, result_type(x, s)); }

DType quotient_type(DType dtype) { return is_floating(dtype) ? dtype : kFloat32; }

void refuse_bool(DType dtype, const char* what) {
  check(dtype != kBool, what, " of bool tensors is not defined; convert first, or use logical ops");
}

/// See autograd::put_off.
Tensor put_off_sum(const Tensor& a, const Tensor& b, Scalar alpha) {
  if (!is_inference_mode_enabled() || !is_one(alpha) || a.shape() != b.shape()) return {};
  const Tensor sum = autograd::put_off(a, {.epilogue = {.residual = b}});
  return sum.defined() ? sum : autograd::put_off(b, {.epilogue = {.residual = a}});
}

}  // namespace

DType result_type(const Tensor& a, const Tensor& b) {
  const DType x = a.dtype(), y = b.dtype();
  if (x == y) return x;
  if ((a.dim() > 0) == (b.dim() > 0)) return promote(x, y);
  const DType strong = a.dim() > 0 ? x : y, weak = a.dim() > 0 ? y : x;
  const auto kind = [](DType d) { return is_floating(d) ? 2 : d == kBool ? 0 : 1; };
  return kind(weak) > kind(strong) ? promote(strong, weak) : strong;
}

DType result_type(const Tensor& a, Scalar b) {
  if (is_floating(a.dtype()) || b.dtype() == kBool) return a.dtype();
  if (b.dtype() == kFloat64) return kFloat32;
  return a.dtype() == kBool ? kInt64 : a.dtype();
}

Tensor scalar_like(const Tensor& x, Scalar value) {
  return full({}, value, {.dtype = result_type(x, value), .device = x.device()});
}

Tensor sum_to(const Tensor& dy, const Shape& shape, Site site) {
  if (dy.shape() == shape) return dy;
  const OpScope op("sum_to", site);
  Dims dims;
  const int added = dy.dim() - shape.size();
  for (int i = 0; i < dy.dim(); ++i) {
    if (i < added || (shape[i - added] == 1 && dy.shape()[i] != 1)) dims.push_back(i);
  }
  return sum(dy, dims, true).reshape(shape);
}

Tensor add(const Tensor& a, const Tensor& b, Scalar alpha, Site site) {
  const OpScope op("add", site);
  const auto [x, y] = promoted(a, b, result_type(a, b));
  if (const Tensor later = put_off_sum(x, y, alpha); later.defined()) return later;
  const Tensor out =
      is_one(alpha) ? compute(kernels::Add{}, x, y) : compute(kernels::AddScaled{kernels::Immediate(alpha)}, x, y);
  return record(
      out, wrt(x, [shape = x->shape()](const Tensor& dy) { return sum_to(dy, shape); }),
      wrt(y, [shape = y->shape(), alpha](const Tensor& dy) { return sum_to(is_one(alpha) ? dy : dy * alpha, shape); }));
}

Tensor add(const Tensor& a, Scalar b, Scalar alpha, Site site) {
  const OpScope op("add", site);
  const MaybeOwned x = promoted(a, b);
  const kernels::AddScalar kernel{kernels::Immediate(scaled(b, alpha, x->dtype()))};
  return record(compute(kernel, x), wrt(x, [](const Tensor& dy) { return dy; }));
}

Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha, Site site) {
  const OpScope op("sub", site);
  const auto [x, y] = promoted(a, b, result_type(a, b));
  refuse_bool(x->dtype(), "subtraction");
  const Scalar minus = negated(alpha);
  const Tensor out =
      is_one(alpha) ? compute(kernels::Sub{}, x, y) : compute(kernels::AddScaled{kernels::Immediate(minus)}, x, y);
  return record(out, wrt(x, [shape = x->shape()](const Tensor& dy) { return sum_to(dy, shape); }),
                wrt(y, [shape = y->shape(), minus](const Tensor& dy) { return sum_to(dy * minus, shape); }));
}

Tensor sub(const Tensor& a, Scalar b, Scalar alpha, Site site) {
  const OpScope op("sub", site);
  refuse_bool(a.dtype(), "subtraction");
  return add(a, negated(b), alpha);
}

Tensor sub(Scalar a, const Tensor& b, Site site) {
  const OpScope op("rsub", site);
  const MaybeOwned x = promoted(b, a);
  refuse_bool(x->dtype(), "subtraction");
  return record(compute(kernels::SubtractFromScalar{kernels::Immediate(a)}, x),
                wrt(x, [](const Tensor& dy) { return dy * -1; }));
}

Tensor mul(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("mul", site);
  const auto [x, y] = promoted(a, b, result_type(a, b));
  return record(compute(kernels::Mul{}, x, y),
                wrt(x, [y = Saved(y), shape = x->shape()](const Tensor& dy) { return sum_to(dy * y, shape); }),
                wrt(y, [x = Saved(x), shape = y->shape()](const Tensor& dy) { return sum_to(dy * x, shape); }));
}

Tensor mul(const Tensor& a, Scalar b, Site site) {
  const OpScope op("mul", site);
  const MaybeOwned x = promoted(a, b);
  return record(compute(kernels::MulScalar{kernels::Immediate(b)}, x),
                wrt(x, [b](const Tensor& dy) { return dy * b; }));
}

Tensor div(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("div", site);
  const auto [x, y] = promoted(a, b, quotient_type(result_type(a, b)));
  return record(compute(kernels::Div{}, x, y),
                wrt(x, [y = Saved(y), shape = x->shape()](const Tensor& dy) { return sum_to(dy / y, shape); }),
                wrt(y, [x = Saved(x), y = Saved(y), shape = y->shape()](const Tensor& dy) {
                  return sum_to(dy * -1 * ((x / y) / y), shape);
                }));
}

Tensor div(const Tensor& a, Scalar b, Site site) {
  const OpScope op("div", site);
  const MaybeOwned x = in_dtype(a, quotient_type(a.dtype()));
  return record(compute(kernels::DivScalar{kernels::Immediate(b)}, x),
                wrt(x, [b](const Tensor& dy) { return dy / b; }));
}

Tensor div(Scalar a, const Tensor& b, Site site) {
  const OpScope op("div", site);
  const MaybeOwned x = in_dtype(b, quotient_type(b.dtype()));
  return record(compute(kernels::DivideScalar{kernels::Immediate(a)}, x),
                wrt(x, [x = Saved(x)](const Tensor& dy, const Tensor& y) { return dy * -1 * (y / x); }));
}

Tensor pow(const Tensor& a, const Tensor& b, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, a); as) return pow(as(a), as(b), site);
  const OpScope op("pow", site);
  const auto [x, e] = promoted(a, b, result_type(a, b));
  return record(compute(kernels::Pow{}, x, e),
                wrt(x,
                    [x = Saved(x), e = Saved(e), shape = x->shape()](const Tensor& dy) {
                      const Tensor slope = e * pow(x, e - 1);  // 0 where the exponent is, also at x = 0
                      return sum_to(dy * where(eq(e, 0), zeros_like(slope), slope), shape);
                    }),
                wrt(e, [x = Saved(x), e = Saved(e), shape = e->shape()](const Tensor& dy, const Tensor& y) {
                  const Tensor slope = y * log(x);
                  const Tensor flat = logical_and(eq(x, 0), ge(e, 0));  // 0^e stays 0
                  return sum_to(dy * where(flat, zeros_like(slope), slope), shape);
                }));
}

Tensor pow(const Tensor& a, Scalar exponent, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, a); as) return pow(as(a), exponent, site);
  const OpScope op("pow", site);
  const MaybeOwned x = promoted(a, exponent);
  check(is_floating(x->dtype()) || exponent.to<std::int64_t>() >= 0,
        "an integer tensor has no negative power; convert first: x.to(kFloat32)");
  const double e = exponent.to<double>();
  const Scalar e_minus_1 = exponent.dtype() == kFloat64
                               ? Scalar(e - 1)
                               : Scalar(kernels::subtracted<std::int64_t>(exponent.to<std::int64_t>(), 1));
  return record(compute(kernels::PowScalar{kernels::Immediate(exponent)}, x),
                wrt(x, [x = Saved(x), e, e_minus_1](const Tensor& dy) {
                  return e == 0.0 ? zeros_like(dy) : dy * (pow(x, e_minus_1) * e);
                }));
}

Tensor pow(Scalar base, const Tensor& exponent, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, exponent); as) return pow(base, as(exponent), site);
  const OpScope op("pow", site);
  const DType dtype = result_type(exponent, base);
  return pow(full({}, base, {.dtype = dtype, .device = exponent.device()}), exponent);
}

// Where both are equal each takes half of the gradient, where one is NaN each takes all of it, as in PyTorch.
static Tensor share_of(const Tensor& dy, const Tensor& loses, const Tensor& ties) {
  return where(loses, zeros_like(dy), where(ties, dy * 0.5, dy));
}

Tensor maximum(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("maximum", site);
  const auto [x, y] = promoted(a, b, result_type(a, b));
  return record(compute(kernels::Maximum{}, x, y),
                wrt(x, [x = Saved(x), y = Saved(y)](
                           const Tensor& dy) { return sum_to(share_of(dy, lt(x, y), eq(x, y)), x->shape()); }),
                wrt(y, [x = Saved(x), y = Saved(y)](const Tensor& dy) {
                  return sum_to(share_of(dy, gt(x, y), eq(x, y)), y->shape());
                }));
}

Tensor minimum(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("minimum", site);
  const auto [x, y] = promoted(a, b, result_type(a, b));
  return record(compute(kernels::Minimum{}, x, y),
                wrt(x, [x = Saved(x), y = Saved(y)](
                           const Tensor& dy) { return sum_to(share_of(dy, gt(x, y), eq(x, y)), x->shape()); }),
                wrt(y, [x = Saved(x), y = Saved(y)](const Tensor& dy) {
                  return sum_to(share_of(dy, lt(x, y), eq(x, y)), y->shape());
                }));
}

/// `quotient(x, y, out)` is how many y are not in the rest `out`.
template <class Quotient>
static Tensor rest(const kernels::BinaryOp& op, const Tensor& a, const Tensor& b, Quotient quotient) {
  const auto [x, y] = promoted(a, b, result_type(a, b));
  refuse_bool(x->dtype(), "the remainder");
  check(is_floating(y->dtype()) || all(y).item<bool>(),
        "an integer has no remainder by 0; convert first: x.to(kFloat32)");
  return record(compute(op, x, y), wrt(x, [shape = x->shape()](const Tensor& dy) { return sum_to(dy, shape); }),
                wrt(y, [x = Saved(x), y = Saved(y), quotient](const Tensor& dy, const Tensor& out) {
                  return sum_to(-dy * quotient(x.get(), y.get(), out), y->shape());
                }));
}

Tensor fmod(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("fmod", site);
  return rest(kernels::Fmod{}, a, b, [](const Tensor& x, const Tensor& y, const Tensor&) { return trunc(x / y); });
}

Tensor remainder(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("remainder", site);
  return rest(kernels::Remainder{}, a, b,
              [](const Tensor& x, const Tensor& y, const Tensor& out) { return round((x - out) / y); });
}

Tensor fmod(const Tensor& a, Scalar b, Site site) { return fmod(a, scalar_like(a, b), site); }
Tensor remainder(const Tensor& a, Scalar b, Site site) { return remainder(a, scalar_like(a, b), site); }

}  // namespace ebb
