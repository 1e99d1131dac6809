#include "ebb/autograd/ops/reduce/reduce.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/autocasting.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/reduced_dims.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/reduce/reduce.h"

namespace ebb {

using ops::Autocasting;
using ops::Precision;

using autograd::record;
using autograd::Saved;
using autograd::wrt;
using kernels::Extreme;
using ops::count_of;
using ops::reduced_shape;
using ops::resolved;

namespace {

Tensor empty_result(const Tensor& x, const Dims& dims, DType dtype) {
  return empty(reduced_shape(x.shape(), dims, true), {.dtype = dtype, .device = x.device()});
}

/// The result without the reduced dimensions, where they are not to be kept.
Tensor finish(const Tensor& y, const Dims& dims, bool keepdim) {
  if (keepdim) return y;
  const Shape shape = reduced_shape(y.shape(), dims, false);
  return y.alias(shape, contiguous_strides(shape), 0).detach();
}

/// A gradient of the reduced shape, stretched again over the reduced dimensions.
Tensor stretch(const Tensor& dy, const Dims& dims, const Shape& shape) {
  return dy.reshape(reduced_shape(shape, dims, true)).expand(shape);
}

void check_not_empty(const Tensor& x, const Dims& dims) {
  check(count_of(x.shape(), dims) > 0, "a tensor of shape ", x.shape(), " has no element to choose over dimensions ",
        dims);
}

/// Of the extreme of all elements: those that are it share the gradient, NaN among them, as in PyTorch.
Tensor extreme_of_all(const Tensor& x, Extreme which) {
  const Dims dims = resolved({}, x.dim());
  check_not_empty(x, dims);
  Tensor y = empty_result(x, dims, x.dtype());
  on_device(x.device(), [&](auto& context) { kernels::extreme(context, which, x, dims, y); });
  return record(finish(y, dims, false), wrt(x, [x = Saved(x)](const Tensor& dy, const Tensor& best) {
                  const Tensor is_nan = logical_and(isnan(x), isnan(best));
                  const Tensor is_other = logical_and(ne(x, best), logical_not(is_nan));
                  const Tensor chosen = logical_not(is_other);
                  return where(chosen, dy / sum(chosen), 0);
                }));
}

Tensor extreme(const Tensor& x, Extreme which, const Dims& named, bool keepdim) {
  const Dims dims = resolved(named, x.dim());
  check_not_empty(x, dims);
  Tensor y = empty_result(x, dims, x.dtype());
  on_device(x.device(), [&](auto& context) { kernels::extreme(context, which, x, dims, y); });
  return record(finish(y, dims, keepdim), wrt(x, [x = Saved(x), dims](const Tensor& dy, const Tensor& best) {
                  const Tensor chosen = eq(x, stretch(best.detach(), dims, x->shape())).to(dy.dtype());
                  return chosen * stretch(dy, dims, x->shape()) /
                         sum(chosen, dims, true);  // NaN where best is, as in PyTorch
                }));
}

Tensor arg_extreme(const Tensor& x, Extreme which, std::optional<std::int64_t> dim, bool keepdim) {
  if (!dim) {
    const Tensor y = arg_extreme(x.detach().reshape({-1}), which, 0, false);
    return keepdim ? y.reshape(Dims::filled(x.dim(), 1)) : y;
  }
  const Tensor rows = x.dim() == 0 ? x.detach().reshape({1}) : x.detach();
  const int d = wrap_dim(*dim, x.dim());
  check_not_empty(rows, {d});
  Tensor y = empty_result(rows, {d}, kInt64);
  on_device(x.device(), [&](auto& context) { kernels::arg_extreme(context, which, rows, d, y); });
  return finish(y, {d}, keepdim && x.dim() > 0);
}

/// The extreme elements along one dimension, read at their positions.
ValuesAndIndices extreme_along(const Tensor& x, Extreme which, std::int64_t dim, bool keepdim) {
  const Tensor places = arg_extreme(x, which, dim, true);
  if (x.dim() == 0) return {x.clone(), places.reshape({})};
  const int d = wrap_dim(dim, x.dim());
  const Tensor y = no_grad([&] { return gather(x, d, places); });
  const Tensor values =
      record(finish(y, {d}, keepdim), wrt(x, [places = Saved(places), d, shape = x.shape()](const Tensor& dy) {
               const Tensor nothing = zeros(shape, {.dtype = dy.dtype(), .device = dy.device()});
               return scatter_add(nothing, d, places, dy.reshape(places->shape()));
             }));
  return {values, finish(places, {d}, keepdim)};
}

}  // namespace

Tensor sum(const Tensor& x, const Dims& named, bool keepdim, Site site) {
  if (const Autocasting as(Precision::full_on_gpu, x); as) return sum(as(x), named, keepdim, site);
  const OpScope op("sum", site);
  const Dims dims = resolved(named, x.dim());
  Tensor y = empty_result(x, dims, is_floating(x.dtype()) ? x.dtype() : kInt64);
  on_device(x.device(), [&](auto& context) { kernels::sum(context, x, dims, y); });
  return record(finish(y, dims, keepdim),
                wrt(x, [dims, shape = x.shape()](const Tensor& dy) { return stretch(dy, dims, shape); }));
}

Tensor mean(const Tensor& x, const Dims& named, bool keepdim, Site site) {
  if (const Autocasting as(Precision::given, x); as) return mean(x, named, keepdim, site);
  const OpScope op("mean", site);
  ops::check_floating(x);
  const Dims dims = resolved(named, x.dim());
  Tensor y = empty_result(x, dims, x.dtype());
  on_device(x.device(), [&](auto& context) { kernels::mean(context, x, dims, y); });
  return record(finish(y, dims, keepdim), wrt(x, [dims, shape = x.shape()](const Tensor& dy) {
                  return stretch(dy / count_of(shape, dims), dims, shape);
                }));
}

Tensor amax(const Tensor& x, const Dims& dims, bool keepdim, Site site) {
  const OpScope op("amax", site);
  return extreme(x, Extreme::max, dims, keepdim);
}

Tensor amin(const Tensor& x, const Dims& dims, bool keepdim, Site site) {
  const OpScope op("amin", site);
  return extreme(x, Extreme::min, dims, keepdim);
}

ValuesAndIndices max(const Tensor& x, std::int64_t dim, bool keepdim, Site site) {
  const OpScope op("max", site);
  return extreme_along(x, Extreme::max, dim, keepdim);
}

ValuesAndIndices min(const Tensor& x, std::int64_t dim, bool keepdim, Site site) {
  const OpScope op("min", site);
  return extreme_along(x, Extreme::min, dim, keepdim);
}

Tensor max(const Tensor& x, Site site) {
  const OpScope op("max", site);
  return extreme_of_all(x, Extreme::max);
}

Tensor min(const Tensor& x, Site site) {
  const OpScope op("min", site);
  return extreme_of_all(x, Extreme::min);
}

Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim, Site site) {
  const OpScope op("argmax", site);
  return arg_extreme(x, Extreme::max, dim, keepdim);
}

Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim, Site site) {
  const OpScope op("argmin", site);
  return arg_extreme(x, Extreme::min, dim, keepdim);
}

Tensor count_nonzero(const Tensor& x, const Dims& dims, bool keepdim, Site site) {
  const OpScope op("count_nonzero", site);
  return sum(x.dtype() == kBool ? x : ne(x, 0), dims, keepdim);
}

Tensor any(const Tensor& x, const Dims& dims, bool keepdim, Site site) {
  const OpScope op("any", site);
  return gt(count_nonzero(x, dims, keepdim), 0);
}

Tensor all(const Tensor& x, const Dims& dims, bool keepdim, Site site) {
  const OpScope op("all", site);
  return eq(sum(x.dtype() == kBool ? logical_not(x) : eq(x, 0), dims, keepdim), 0);
}

}  // namespace ebb
