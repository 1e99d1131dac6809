#include "ebb/autograd/ops/reduce/moments.h"

#include <algorithm>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/reduced_dims.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;

/// var, of resolved dims, which are kept.
static Tensor kept_var(const Tensor& x, const Dims& dims, double correction) {
  ops::check_floating(x);
  const double freedom = std::max(static_cast<double>(ops::count_of(x.shape(), dims)) - correction, 0.0);
  const Tensor y = no_grad([&] {
    const Tensor deviation = x - mean(x, dims, true);
    return sum(deviation * deviation, dims, true) / freedom;
  });
  return record(y, wrt(x, [x = Saved(x), dims, freedom](const Tensor& dy) {
                  return dy * ((x - mean(x, dims, true)) * (2 / freedom));
                }));
}

static Tensor kept_std(const Tensor& x, const Dims& dims, double correction) {
  const Tensor variance = kept_var(x, dims, correction);
  return record(no_grad([&] { return sqrt(variance); }), wrt(variance, [](const Tensor& dy, const Tensor& y) {
                  const Tensor is_zero = eq(y, 0);
                  return where(is_zero, 0, dy) / (where(is_zero, 1, y) * 2);
                }));
}

Tensor var(const Tensor& x, const Dims& named, double correction, bool keepdim, Site site) {
  if (const Autocasting as(Precision::given, x); as) return var(x, named, correction, keepdim, site);
  const OpScope op("var", site);
  const Dims dims = ops::resolved(named, x.dim());
  return ops::rounded_once(
      [&](const Tensor& t) { return ops::without_dims(kept_var(t, dims, correction), dims, keepdim); }, x);
}

Tensor std(const Tensor& x, const Dims& named, double correction, bool keepdim, Site site) {
  if (const Autocasting as(Precision::given, x); as) return std(x, named, correction, keepdim, site);
  const OpScope op("std", site);
  const Dims dims = ops::resolved(named, x.dim());
  return ops::rounded_once(
      [&](const Tensor& t) { return ops::without_dims(kept_std(t, dims, correction), dims, keepdim); }, x);
}

VarAndMean var_mean(const Tensor& x, const Dims& dims, double correction, bool keepdim, Site site) {
  const OpScope op("var_mean", site);
  return {var(x, dims, correction, keepdim), mean(x, dims, keepdim)};
}

StdAndMean std_mean(const Tensor& x, const Dims& dims, double correction, bool keepdim, Site site) {
  const OpScope op("std_mean", site);
  return {std(x, dims, correction, keepdim), mean(x, dims, keepdim)};
}

}  // namespace ebb
