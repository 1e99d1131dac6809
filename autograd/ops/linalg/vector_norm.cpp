#include "ebb/autograd/ops/linalg/vector_norm.h"

#include <limits>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/reduced_dims.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;

namespace {

/// The 2-norm and those without a simpler formula; keeps `dims`.
Tensor power_norm(const Tensor& x, double p, const Dims& dims) {
  const Tensor y =
      no_grad([&] { return p == 2 ? sqrt(sum(x * x, dims, true)) : pow(sum(pow(abs(x), p), dims, true), 1 / p); });
  return record(y, wrt(x, [x = Saved(x), p](const Tensor& dy, const Tensor& out) {
                  const Tensor is_zero = eq(out, 0);
                  const Tensor scale = where(is_zero, 1, out), slope = where(is_zero, 0, dy);
                  if (p == 2) return x * (slope / scale);
                  const Tensor share = where(eq(x, 0), 1, abs(x) / scale);  // sign(x) is 0 there
                  return slope * sign(x) * pow(share, p - 1);
                }));
}

Tensor kept_norm(const Tensor& x, double p, const Dims& dims) {
  const double infinity = std::numeric_limits<double>::infinity();
  if (p == infinity) return amax(abs(x), dims, true);
  if (p == -infinity) return amin(abs(x), dims, true);
  if (p == 0) {
    const Tensor count = count_nonzero(x, dims, true).to(x.dtype());
    return record(count, wrt(x, [x = Saved(x)](const Tensor&) { return zeros_like(x); }));
  }
  if (p == 1) return sum(abs(x), dims, true);
  check(p > 0 || ops::count_of(x.shape(), dims) > 0, "a tensor of shape ", x.shape(), " has no norm of order ", p,
        " over dimensions ", dims);
  return power_norm(x, p, dims);
}

/// max(x, least), as if nothing had been raised for the gradient.
Tensor raised_to(const Tensor& x, double least) {
  return record(no_grad([&] { return clamp(x, least, {}); }), wrt(x, [](const Tensor& dy) { return dy; }));
}

}  // namespace

Tensor norm(const Tensor& x, double p, const Dims& named, bool keepdim, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return norm(as(x), p, named, keepdim, site);
  const OpScope op("norm", site);
  ops::check_floating(x);
  const Dims dims = ops::resolved(named, x.dim());
  return ops::rounded_once([&](const Tensor& t) { return ops::without_dims(kept_norm(t, p, dims), dims, keepdim); }, x);
}

Tensor normalize(const Tensor& x, double p, std::int64_t dim, double eps, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return normalize(as(x), p, dim, eps, site);
  const OpScope op("normalize", site);
  return ops::rounded_once([&](const Tensor& t) { return t / clamp(norm(t, p, {dim}, true), eps, {}); }, x);
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim, double eps, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, a); as) return cosine_similarity(as(a), as(b), dim, eps, site);
  const OpScope op("cosine_similarity", site);
  const DType dtype = result_type(a, b);
  check(is_floating(dtype), "needs floating tensors, got ", a.dtype(), " and ", b.dtype());
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  const Tensor x = ops::opmath(a.to(dtype)).expand(shape), y = ops::opmath(b.to(dtype)).expand(shape);
  const auto unit = [&](const Tensor& t) { return t / raised_to(norm(t, 2, {dim}, true), eps); };
  return sum(unit(x) * unit(y), {dim}).to(dtype);
}

}  // namespace ebb
