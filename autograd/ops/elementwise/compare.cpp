#include "ebb/autograd/ops/elementwise/compare.h"

#include <limits>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using ops::check_one_device;

static Tensor compute(const kernels::CompareOp& op, const Tensor& a, const Tensor& b) {
  check_one_device(a, b);
  const NoGradGuard no_grad;
  const DType dtype = result_type(a, b);
  const Tensor x = a.to(dtype), y = b.to(dtype);
  Tensor out = empty(broadcast_shapes(a.shape(), b.shape()), {.dtype = kBool, .device = a.device()});
  on_device(a.device(), [&](auto& context) { kernels::compare(context, op, x, y, out); });
  return out;
}

Tensor eq(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("eq", site);
  return compute(kernels::Equal{}, a, b);
}
Tensor ne(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("ne", site);
  return compute(kernels::NotEqual{}, a, b);
}
Tensor lt(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("lt", site);
  return compute(kernels::Less{}, a, b);
}
Tensor le(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("le", site);
  return compute(kernels::LessEqual{}, a, b);
}
Tensor gt(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("gt", site);
  return compute(kernels::Less{}, b, a);
}
Tensor ge(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("ge", site);
  return compute(kernels::LessEqual{}, b, a);
}

Tensor eq(const Tensor& a, Scalar b, Site site) { return eq(a, scalar_like(a, b), site); }
Tensor ne(const Tensor& a, Scalar b, Site site) { return ne(a, scalar_like(a, b), site); }
Tensor lt(const Tensor& a, Scalar b, Site site) { return lt(a, scalar_like(a, b), site); }
Tensor le(const Tensor& a, Scalar b, Site site) { return le(a, scalar_like(a, b), site); }
Tensor gt(const Tensor& a, Scalar b, Site site) { return gt(a, scalar_like(a, b), site); }
Tensor ge(const Tensor& a, Scalar b, Site site) { return ge(a, scalar_like(a, b), site); }

Tensor logical_and(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("logical_and", site);
  return mul(a.to(kBool), b.to(kBool));
}

Tensor logical_or(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("logical_or", site);
  return maximum(a.to(kBool), b.to(kBool));
}

Tensor logical_xor(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("logical_xor", site);
  return ne(a.to(kBool), b.to(kBool));
}

Tensor logical_not(const Tensor& a, Site site) {
  const OpScope op("logical_not", site);
  const Tensor x = a.to(kBool);
  Tensor y = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::unary(context, kernels::LogicalNot{}, x, y); });
  return y;
}

Tensor isnan(const Tensor& x, Site site) { return ne(x, x, site); }

Tensor isinf(const Tensor& x, Site site) {
  const OpScope op("isinf", site);
  return eq(abs(x.detach()), std::numeric_limits<double>::infinity());
}

Tensor isfinite(const Tensor& x, Site site) {
  const OpScope op("isfinite", site);
  return lt(abs(x.detach()), std::numeric_limits<double>::infinity());
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("where", site);
  check(condition.dtype() == kBool, "the condition must be a bool tensor, got ", condition.dtype());
  check_one_device(condition, a);
  check_one_device(a, b);
  const DType dtype = result_type(a, b);
  const Tensor x = a.to(dtype), y = b.to(dtype);
  const Shape shape = broadcast_shapes(condition.shape(), broadcast_shapes(a.shape(), b.shape()));
  Tensor out = x.shape() == shape ? empty_like(x) : empty(shape, {.dtype = dtype, .device = a.device()});
  on_device(a.device(), [&](auto& context) { kernels::where(context, condition, x, y, out); });
  return record(out,
                wrt(x, [c = Saved(condition),
                        shape = x.shape()](const Tensor& dy) { return sum_to(where(c, dy, zeros_like(dy)), shape); }),
                wrt(y, [c = Saved(condition), shape = y.shape()](const Tensor& dy) {
                  return sum_to(where(c, zeros_like(dy), dy), shape);
                }));
}

Tensor where(const Tensor& condition, const Tensor& a, Scalar b, Site site) {
  return where(condition, a, scalar_like(a, b), site);
}

Tensor where(const Tensor& condition, Scalar a, const Tensor& b, Site site) {
  return where(condition, scalar_like(b, a), b, site);
}

bool equal(const Tensor& a, const Tensor& b, Site site) {
  const OpScope op("equal", site);
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  return sum(ne(a, b)).item<std::int64_t>() == 0;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan, Site site) {
  const OpScope op("allclose", site);
  const NoGradGuard no_grad;
  const DType dtype = is_floating(result_type(a, b)) ? kFloat64 : kInt64;
  const Tensor x = a.to(dtype), y = b.to(dtype);
  const Tensor difference = abs(x - y);
  const Tensor is_finite = lt(difference, std::numeric_limits<double>::infinity());
  const Tensor is_close = logical_and(is_finite, le(difference, abs(y) * rtol + atol));
  const Tensor same = eq(x, y);
  Tensor far = logical_and(logical_not(is_close), logical_not(same));
  if (equal_nan) far = logical_and(far, logical_not(logical_and(isnan(x), isnan(y))));
  return sum(far).item<std::int64_t>() == 0;
}

static void check_mask(const Tensor& x, const char* name) {
  check(x.dtype() == kBool, "is for bool tensors, got ", x.dtype(), "; compare first, as in x != 0, or use ", name,
        "(), which does");
}

Tensor operator&(Operand a, Operand b) {
  const OpScope op("operator&", a.site);
  check_mask(a.tensor, "logical_and");
  check_mask(b.tensor, "logical_and");
  return logical_and(a.tensor, b.tensor);
}

Tensor operator|(Operand a, Operand b) {
  const OpScope op("operator|", a.site);
  check_mask(a.tensor, "logical_or");
  check_mask(b.tensor, "logical_or");
  return logical_or(a.tensor, b.tensor);
}

Tensor operator^(Operand a, Operand b) {
  const OpScope op("operator^", a.site);
  check_mask(a.tensor, "logical_xor");
  check_mask(b.tensor, "logical_xor");
  return logical_xor(a.tensor, b.tensor);
}

Tensor operator~(Operand a) {
  const OpScope op("operator~", a.site);
  check_mask(a.tensor, "logical_not");
  return logical_not(a.tensor);
}

}  // namespace ebb
