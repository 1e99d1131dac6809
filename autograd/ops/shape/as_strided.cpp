#include "ebb/autograd/ops/shape/as_strided.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/constant.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/record.h"
#include "ebb/core/overlap.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

namespace {

/// The offset of the last element, from the first; -1 where there is none.
std::int64_t last_offset(const Shape& shape, const Strides& strides) {
  std::int64_t last = 0;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return -1;
    last = checked_sum(last, checked_product(shape[i] - 1, strides[i]));
  }
  return last;
}

/// The offset of each position, in C order.
Tensor offsets_of(const Shape& shape, const Strides& strides, std::int64_t first, Device device) {
  Tensor offsets = full({}, first, {.dtype = kInt64});
  for (int i = 0; i < shape.size(); ++i) offsets = offsets.unsqueeze(-1) + arange(shape[i]) * strides[i];
  return ops::constant(offsets.flatten(), device);
}

/// Adds `values` (shape) to what the strides show of `line`, once for each position.
void add_where_shown(Tensor& line, const Tensor& values, const Strides& strides, std::int64_t first) {
  if (!may_overlap_itself(values.shape(), strides)) {
    line.alias(values.shape(), strides, first).copy_(values);
    return;
  }
  line = index_add(line, 0, offsets_of(values.shape(), strides, first, line.device()), values.flatten());
}

/// A base and a view of its storage, which may show elements that lie outside of the base, on either side.
struct Pair {
  Shape base_shape;
  Strides base_strides;
  Shape shape;
  Strides strides;
  std::int64_t offset;  // of the view, from the base's

  std::int64_t begin() const { return std::min<std::int64_t>(0, offset); }
  std::int64_t end() const {
    return std::max(last_offset(base_shape, base_strides), offset + last_offset(shape, strides)) + 1;
  }
  Tensor line(const TensorOptions& options) const { return zeros({end() - begin()}, options); }
};

/// Elements that several positions of the base share go to each of them in equal parts, as in PyTorch.
void share_out(Tensor& line, const Pair& p, const TensorOptions& options) {
  if (!may_overlap_itself(p.base_shape, p.base_strides)) return;
  Tensor positions = p.line(options);
  add_where_shown(positions, ones(p.base_shape, options), p.base_strides, -p.begin());
  line = line / clamp(positions, 1, {});
}

/// Zeros along the storage, with `values` added where they are shown, from `first` of the base on.
Tensor line_of(const Tensor& values, const Strides& strides, std::int64_t first, const Pair& p) {
  const TensorOptions options{.dtype = values.dtype(), .device = values.device()};
  Tensor line = p.line(options);
  add_where_shown(line, values.detach(), strides, first - p.begin());
  share_out(line, p, options);
  return line;
}

Tensor taken(const Tensor& x, const Pair& p);

/// The transpose of as_strided: zeros of the base's shape, and `dy` added where the view shows them.
Tensor put(const Tensor& dy, const Pair& p) {
  const OpScope op("as_strided_backward", Site{});
  const Tensor dx = no_grad(
      [&] { return line_of(dy, p.strides, p.offset, p).alias(p.base_shape, p.base_strides, -p.begin()).detach(); });
  return record(dx, wrt(dy, [p](const Tensor& ddx) { return taken(ddx, p); }));
}

/// The transpose of put: what the view shows of x, which has the base's shape.
Tensor taken(const Tensor& x, const Pair& p) {
  const OpScope op("as_strided", Site{});
  const bool is_inside = p.offset >= 0 && p.end() == last_offset(p.base_shape, p.base_strides) + 1;
  if (is_inside && !may_overlap_itself(p.base_shape, p.base_strides)) {
    const Tensor dense = with_strides(x, p.base_strides);
    return as_strided(dense, p.shape, p.strides, dense.storage_offset() + p.offset);
  }
  const Tensor y = no_grad(
      [&] { return line_of(x, p.base_strides, 0, p).alias(p.shape, p.strides, p.offset - p.begin()).detach(); });
  return record(y, wrt(x, [p](const Tensor& dy) { return put(dy, p); }));
}

}  // namespace

Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset, Site site) {
  const OpScope op("as_strided", site);
  check(shape.size() == strides.size(), "shape ", shape, " and strides ", strides, " differ in length");
  check(std::ranges::all_of(strides, [](std::int64_t s) { return s >= 0; }), "strides must not be negative, got ",
        strides);
  const auto held = static_cast<std::int64_t>(x.storage().bytes() / size_of(x.dtype()));
  const bool is_empty = numel(shape) == 0;  // and may begin where a slice of nothing does
  check(offset >= 0 && (is_empty || (offset <= held && checked_sum(offset, last_offset(shape, strides)) < held)),
        "shape ", shape, ", strides ", strides, " and offset ", offset, " lead outside of a storage of ", held,
        " elements");
  const std::int64_t first = is_empty ? std::min(offset, held) : offset;
  const Pair pair{x.shape(), x.strides(), shape, strides, first - x.storage_offset()};
  return record(x.alias(shape, strides, first), wrt(x, [pair](const Tensor& dy) { return put(dy, pair); }));
}

Tensor region_of(const Tensor& x, const Strides& base_strides, const Shape& shape, const Strides& strides,
                 std::int64_t offset) {
  return taken(x, {x.shape(), base_strides, shape, strides, offset});
}

Tensor zero_region(const Tensor& x, const Strides& base_strides, const Shape& shape, const Strides& strides,
                   std::int64_t offset, Site site) {
  const OpScope op("zero_region", site);
  const Pair p{x.shape(), base_strides, shape, strides, offset};
  const Tensor y = no_grad([&] {
    const Tensor line = p.line({.dtype = x.dtype(), .device = x.device()});
    const Tensor base = line.alias(p.base_shape, p.base_strides, -p.begin());
    base.copy_(x.detach());
    line.alias(shape, strides, offset - p.begin()).zero_();
    return base.detach();
  });
  return record(y, wrt(x, [=](const Tensor& dy) { return zero_region(dy, base_strides, shape, strides, offset); }));
}

}  // namespace ebb
