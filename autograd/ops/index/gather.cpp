#include "ebb/autograd/ops/index/gather.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/detail/index_lines.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/index/index.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

namespace {

Tensor with_dims(const Tensor& x) { return x.dim() == 0 ? x.reshape({1}) : x; }

/// As int64, with one dimension at least.
Tensor checked_index(const Tensor& index, const Tensor& x) {
  check(index.dtype() == kInt64 || index.dtype() == kInt32 || index.numel() == 0,
        "the index must be int64 or int32, got ", index.dtype());
  ops::check_one_device(x, index);
  check(index.numel() == 0 || with_dims(index).dim() == with_dims(x).dim(),
        "the index must have as many dimensions as the tensor: got shapes ", index.shape(), " and ", x.shape());
  return with_dims(index).to(kInt64);
}

/// That index is not larger than x, but along dim.
void check_inside(const Tensor& index, const Tensor& x, const char* what, int dim) {
  for (int i = 0; i < index.dim() && index.numel() > 0; ++i) {
    check(i == dim || index.size(i) <= x.size(i), "the index must not be larger than ", what, " but in dimension ", dim,
          ": got shapes ", index.shape(), " and ", x.shape());
  }
}

Tensor gather_lines(const Tensor& x, int dim, const Tensor& index);

/// x with src put or added where the index says.
Tensor scatter_lines(const Tensor& x, kernels::Scatter how, int dim, const Tensor& index, const Tensor& src) {
  Tensor y = no_grad([&] { return clone(x); });
  on_device(x.device(), [&](auto& context) { kernels::scatter(context, how, dim, index, src, y); });
  return record(y,
                wrt(x,
                    [=, index = Saved(index)](const Tensor& dy) {
                      const Tensor nothing = zeros({}, {.dtype = dy.dtype(), .device = dy.device()});
                      return how == kernels::Scatter::add
                                 ? dy
                                 : scatter_lines(dy, how, dim, index, nothing.expand(index->shape()));
                    }),
                wrt(src, [=, index = Saved(index)](const Tensor& dy) { return gather_lines(dy, dim, index); }));
}

Tensor gather_lines(const Tensor& x, int dim, const Tensor& index) {
  Tensor y = empty(index.shape(), {.dtype = x.dtype(), .device = x.device()});
  on_device(x.device(), [&](auto& context) { kernels::gather(context, x, dim, index, y); });
  return record(y, wrt(x, [=, index = Saved(index), shape = x.shape()](const Tensor& dy) {
                  return ops::sums_of_lines(shape, dim, index, dy);
                }));
}

Tensor scatter_into(const Tensor& x, kernels::Scatter how, std::int64_t dim, const Tensor& index, const Tensor& src) {
  const int d = wrap_dim(dim, x.dim());
  const Tensor places = checked_index(index, x), target = with_dims(x), source = with_dims(src);
  check(src.dtype() == x.dtype(), "both tensors must be of one dtype, got ", x.dtype(), " and ", src.dtype());
  ops::check_one_device(x, src);
  if (index.numel() == 0) return x.clone();
  check(source.dim() == places.dim(), "the index must have as many dimensions as the source: got shapes ",
        index.shape(), " and ", src.shape());
  check_inside(places, target, "the tensor", d);
  check_inside(places, source, "the source", -1);
  Tensor part = source;
  for (int i = 0; i < part.dim(); ++i) part = part.narrow(i, 0, places.size(i));
  return scatter_lines(target, how, d, places, part).reshape(x.shape());
}

void check_slices(const Tensor& index, const Tensor& x) {
  check(index.dim() <= 1, "the index must be (n) or (), got shape ", index.shape());
  check(index.dtype() == kInt64 || index.dtype() == kInt32, "the index must be int64 or int32, got ", index.dtype());
  ops::check_one_device(x, index);
}

}  // namespace

namespace ops {

Tensor spread(const Tensor& index, int dim, Shape shape) {
  Shape line = Dims::filled(shape.size(), 1);
  line[dim] = shape[dim] = index.numel();
  return index.to(kInt64).reshape(line).expand(shape);
}

Tensor sums_of_lines(const Shape& shape, int dim, const Tensor& index, const Tensor& src) {
  Tensor y = zeros(shape, {.dtype = src.dtype(), .device = src.device()});
  on_device(y.device(), [&](auto& context) { kernels::scatter(context, kernels::Scatter::add, dim, index, src, y); });
  return record(y, wrt(src, [=, index = Saved(index)](const Tensor& dy) { return gather_lines(dy, dim, index); }));
}

}  // namespace ops

using ops::spread;

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index, Site site) {
  const OpScope op("gather", site);
  const int d = wrap_dim(dim, x.dim());
  const Tensor places = checked_index(index, x);
  if (index.numel() == 0) return x.flatten().narrow(0, 0, 0).sum().to(x.dtype()).expand(index.shape());
  check_inside(places, with_dims(x), "the tensor", d);
  return gather_lines(with_dims(x), d, places).reshape(index.shape());
}

Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim, Site site) {
  const OpScope op("take_along_dim", site);
  if (!dim) return gather(x.flatten(), 0, index.flatten());
  check(x.dim() == index.dim(), "both must have one number of dimensions, got shapes ", x.shape(), " and ",
        index.shape());
  const int d = wrap_dim(*dim, x.dim());
  Shape from = x.shape(), places = index.shape();
  from[d] = places[d] = 1;
  const Shape all = broadcast_shapes(from, places);
  from = places = all;
  from[d] = x.size(d);
  places[d] = index.size(d);
  const Tensor counted = index + lt(index, 0).to(index.dtype()) * x.size(d);  // -1 is the last
  return gather(x.expand(from), d, counted.expand(places));
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src, Site site) {
  const OpScope op("scatter", site);
  return scatter_into(x, kernels::Scatter::assign, dim, index, src);
}

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value, Site site) {
  const OpScope op("scatter", site);
  const Tensor src = full({}, value, {.dtype = x.dtype(), .device = x.device()});
  return scatter_into(x, kernels::Scatter::assign, dim, index, src.expand(index.shape()));
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src, Site site) {
  const OpScope op("scatter_add", site);
  return scatter_into(x, kernels::Scatter::add, dim, index, src);
}

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index, Site site) {
  const OpScope op("index_select", site);
  check_slices(index, x);
  const int d = wrap_dim(dim, x.dim());
  const Tensor from = with_dims(x);
  const Tensor y = gather_lines(from, d, spread(index, d, from.shape()));
  return x.dim() == 0 ? y.reshape({}) : y;
}

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src, Scalar alpha, Site site) {
  const OpScope op("index_add", site);
  check_slices(index, x);
  const int d = wrap_dim(dim, x.dim());
  check(src.dtype() == x.dtype(), "both tensors must be of one dtype, got ", x.dtype(), " and ", src.dtype());
  const Tensor to = with_dims(x), from = with_dims(src);
  Shape shape = to.shape();
  shape[d] = index.numel();
  check(from.shape() == shape, "the source must have the shape of the tensor but for one slice an index: expected ",
        shape, ", got ", src.shape());
  check(is_floating(x.dtype()) || !is_floating(alpha.dtype()), "alpha must not be a number of ", alpha.dtype(),
        " where the tensors are ", x.dtype());
  const Tensor scaled = alpha.to<double>() == 1 ? from : (from * alpha).to(x.dtype());
  return scatter_lines(to, kernels::Scatter::add, d, spread(index, d, shape), scaled).reshape(x.shape());
}

}  // namespace ebb
