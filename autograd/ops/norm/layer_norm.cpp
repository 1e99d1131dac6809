#include "ebb/autograd/ops/norm/layer_norm.h"

#include <limits>

#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/norm.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

/// How many elements the last dimensions have, which must be `shape`.
static std::int64_t check_last(const Tensor& x, const Shape& shape) {
  const int first = x.dim() - shape.size();
  check(!shape.empty(), "normalized_shape must name one dimension at least");
  bool ends_so = first >= 0;
  for (int i = 0; ends_so && i < shape.size(); ++i) ends_so = x.size(first + i) == shape[i];
  check(ends_so, "the input must end with the dimensions ", shape, ", got shape ", x.shape());
  return numel(shape);
}

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const LayerNormOptions& o, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) {
    LayerNormOptions wide = o;
    wide.weight = as(o.weight);
    wide.bias = as(o.bias);
    return layer_norm(as(x), normalized_shape, wide, site);
  }
  const OpScope op("layer_norm", site);
  ops::check_floating(x);
  const std::int64_t n = check_last(x, normalized_shape);
  ops::check_shape("weight", o.weight, normalized_shape);
  ops::check_shape("bias", o.bias, normalized_shape);
  const Tensor rows = x.reshape({n == 0 ? 0 : x.numel() / n, n});
  if (ops::can_fuse(x, {o.weight, o.bias})) {
    return ops::normalized_rows(rows, o.eps, o.weight, o.bias).reshape(x.shape());
  }
  return ops::affine(ops::normalized_rows(rows, o.eps).reshape(x.shape()), o.weight, o.bias);
}

Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const RmsNormOptions& o, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) {
    RmsNormOptions wide = o;
    wide.weight = as(o.weight);
    return rms_norm(as(x), normalized_shape, wide, site);
  }
  const OpScope op("rms_norm", site);
  ops::check_floating(x);
  check_last(x, normalized_shape);
  ops::check_shape("weight", o.weight, normalized_shape);
  Dims last;
  for (int i = 0; i < normalized_shape.size(); ++i) last.push_back(-1 - i);
  const double precision =
      x.dtype() == kFloat64 ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
  const auto normalize = [&](const Tensor& t, const Tensor& weight) {
    return ops::affine(t * rsqrt(mean(t * t, last, true) + o.eps.value_or(precision)), weight, {});
  };
  const bool is_mixed = o.weight.defined() && o.weight.dtype() != x.dtype();
  return is_mixed ? normalize(ops::opmath(x), o.weight) : ops::rounded_once(normalize, x, o.weight);
}

}  // namespace ebb
