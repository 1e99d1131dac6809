// Views of a part of one dimension.
#include "ebb/autograd/ops/shape/slice.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/wrapping.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

namespace {

struct Part {
  int dim;
  std::int64_t start, length, step;
};

Tensor take(const Tensor& x, const Part& part);

/// Zeros of `shape` with `dy` in the place of the part; the transpose of `take`.
Tensor put(const Tensor& dy, const Shape& shape, const Part& part) {
  const OpScope op("slice_backward", Site{});
  const Tensor dx = zeros(shape, {.dtype = dy.dtype(), .device = dy.device()});
  no_grad([&] { take(dx, part).copy_(dy); });
  return record(dx, wrt(dy, [part](const Tensor& ddx) { return take(ddx, part); }));
}

Tensor take(const Tensor& x, const Part& part) {
  Shape shape = x.shape();
  Strides strides = x.strides();
  const std::int64_t offset = x.storage_offset() + part.start * strides[part.dim];
  shape[part.dim] = part.length;
  strides[part.dim] *= part.step;
  return record(x.alias(shape, strides, offset),
                wrt(x, [shape = x.shape(), part](const Tensor& dy) { return put(dy, shape, part); }));
}

}  // namespace

Tensor slice(const Tensor& x, std::int64_t dim, std::optional<std::int64_t> start, std::optional<std::int64_t> end,
             std::int64_t step, Site site) {
  const OpScope op("slice", site);
  check(x.dim() > 0, "a scalar cannot be sliced");
  check(step > 0, "the step must be positive, got ", step);
  const int d = wrap_dim(dim, x.dim());
  const std::int64_t size = x.shape()[d];
  const auto limited = [size](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size); };
  const std::int64_t first = limited(start.value_or(0)), last = limited(end.value_or(size));
  const std::int64_t length = last > first ? (last - first - 1) / step + 1 : 0;
  return take(x,
              {d, first, length, std::min(step, std::max<std::int64_t>(size, 1))});  // more would be one element, too
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length, Site site) {
  const OpScope op("narrow", site);
  check(x.dim() > 0, "a scalar cannot be narrowed");
  const int d = wrap_dim(dim, x.dim());
  const std::int64_t size = x.shape()[d];
  const std::int64_t first = start < 0 ? start + size : start;
  check(length >= 0, "the length must not be negative, got ", length);
  check(first >= 0 && first <= size && length <= size - first, length, " elements from ", start,
        " on are not all inside of dimension ", d, ", of size ", size);
  return take(x, {d, first, length, 1});
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index, Site site) {
  const OpScope op("select", site);
  check(x.dim() > 0, "a scalar has no element to select");
  const int d = wrap_dim(dim, x.dim());
  const std::int64_t size = x.shape()[d];
  check(index >= -size && index < size, "index ", index, " is outside of dimension ", d, ", of size ", size);
  return squeeze(take(x, {d, index < 0 ? index + size : index, 1, 1}), {d});
}

}  // namespace ebb
