#include "ebb/autograd/ops/shape/as_strided.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

/// Zeros of `base_shape` with `dy` where the view shows them; the transpose of as_strided.
static Tensor put(const Tensor& dy, const Shape& base_shape, const Strides& base_strides, const Strides& strides,
                  std::int64_t offset) {
  const OpScope op("as_strided_backward", Site{});
  Tensor dx = empty_strided(base_shape, base_strides, {.dtype = dy.dtype(), .device = dy.device()});
  no_grad([&] {
    dx.zero_();
    dx.alias(dy.shape(), strides, offset).copy_(dy);
  });
  return record(dx, wrt(dy, [=, shape = dy.shape()](const Tensor& ddx) {
                  const Tensor dense = with_strides(ddx, base_strides);
                  return as_strided(dense, shape, strides, dense.storage_offset() + offset);
                }));
}

Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset, Site site) {
  const OpScope op("as_strided", site);
  check(shape.size() == strides.size(), "shape ", shape, " and strides ", strides, " differ in length");
  std::int64_t last = offset;
  for (int i = 0; i < shape.size(); ++i) last += (shape[i] - 1) * strides[i];
  const auto held = static_cast<std::int64_t>(x.storage().bytes() / size_of(x.dtype()));
  check(numel(shape) == 0 || (offset >= 0 && last < held), "shape ", shape, ", strides ", strides, " and offset ",
        offset, " lead outside of a storage of ", held, " elements");
  return record(x.alias(shape, strides, offset),
                wrt(x, [=, base_shape = x.shape(), base_strides = x.strides(), relative = offset - x.storage_offset()](
                           const Tensor& dy) { return put(dy, base_shape, base_strides, strides, relative); }));
}

Tensor zero_region(const Tensor& x, const Strides& base_strides, const Shape& shape, const Strides& strides,
                   std::int64_t offset, Site site) {
  const OpScope op("zero_region", site);
  const Tensor base = with_strides(x, base_strides);
  const Tensor region = as_strided(base, shape, strides, base.storage_offset() + offset);
  return base - put(region, x.shape(), base_strides, strides, offset);
}

}  // namespace ebb
