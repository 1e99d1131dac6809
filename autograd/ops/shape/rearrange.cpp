#include "ebb/autograd/ops/shape/rearrange.h"

#include <algorithm>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/constant.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

namespace {

Dims wrapped(const Dims& dims, int rank) {
  Dims all;
  for (const std::int64_t dim : dims) {
    const int d = wrap_dim(dim, rank);
    check(std::ranges::find(all, d) == all.end(), "dimension ", d, " appears twice in ", dims);
    all.push_back(d);
  }
  return all;
}

Tensor rolled(const Tensor& x, std::int64_t shift, int dim) {
  const std::int64_t size = x.size(dim);
  if (size == 0) return x.clone();
  const std::int64_t moved = (shift % size + size) % size;
  return cat({x.narrow(dim, size - moved, moved), x.narrow(dim, 0, size - moved)}, dim);
}

/// Column minus row of each element of matrices of the shape of x.
Tensor offsets_from_diagonal(const Tensor& x) {
  check(x.dim() >= 2, "needs matrices (..., rows, columns), got shape ", x.shape());
  return ops::constant(arange(x.size(-1)) - arange(x.size(-2)).unsqueeze(1), x.device());
}

Tensor with_zeros(const Tensor& x, const Tensor& kept) {
  return where(kept, x, zeros({}, {.dtype = x.dtype(), .device = x.device()}));
}

/// Each slice along d, `count` times in a row (`inside`), or all of them `count` times.
Tensor repeated(const Tensor& x, int d, std::int64_t count, bool inside) {
  const int added = inside ? d + 1 : d;
  Shape shape = x.shape();
  shape.insert(added, count);
  return x.unsqueeze(added).expand(shape).flatten(d, d + 1);
}

}  // namespace

Tensor flip(const Tensor& x, const Dims& dims, Site site) {
  const OpScope op("flip", site);
  Tensor y = dims.empty() ? x.clone() : x;
  for (const std::int64_t d : wrapped(dims, x.dim())) {
    y = index_select(y, d, ops::constant(arange((x.dim() == 0 ? 1 : x.size(d)) - 1, -1, -1), x.device()));
  }
  return y;
}

Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims, Site site) {
  const OpScope op("roll", site);
  check(!shifts.empty(), "needs a shift");
  if (dims.empty()) {
    check(shifts.size() == 1, "without dims one shift is needed, got ", shifts);
    return rolled(x.flatten(), shifts[0], 0).reshape(x.shape());
  }
  check(shifts.size() == dims.size(), "one shift a dimension is needed, got ", shifts, " for ", dims);
  check(x.dim() > 0, "a scalar has no dimension to roll");
  Tensor y = x;
  for (int i = 0; i < dims.size(); ++i) y = rolled(y, shifts[i], wrap_dim(dims[i], x.dim()));
  return y;
}

Tensor tril(const Tensor& x, std::int64_t diagonal, Site site) {
  const OpScope op("tril", site);
  return with_zeros(x, le(offsets_from_diagonal(x), diagonal));
}

Tensor triu(const Tensor& x, std::int64_t diagonal, Site site) {
  const OpScope op("triu", site);
  return with_zeros(x, ge(offsets_from_diagonal(x), diagonal));
}

Tensor repeat(const Tensor& x, const Dims& repeats, Site site) {
  const OpScope op("repeat", site);
  const int added = repeats.size() - x.dim();
  check(added >= 0, "one number a dimension is needed, got ", repeats, " for shape ", x.shape());
  Tensor y = x.clone();
  for (int i = 0; i < added; ++i) y = y.unsqueeze(0);
  for (int d = 0; d < repeats.size(); ++d) {
    check(repeats[d] >= 0, "numbers of repeats must not be negative, got ", repeats);
    if (repeats[d] != 1) y = repeated(y, d, repeats[d], false);
  }
  return y;
}

Tensor tile(const Tensor& x, const Dims& repeats, Site site) {
  const OpScope op("tile", site);
  Dims all = repeats;
  while (all.size() < x.dim()) all.insert(0, 1);
  return repeat(x, all);
}

Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim, Site site) {
  const OpScope op("repeat_interleave", site);
  check(repeats >= 0, "the number of repeats must not be negative, got ", repeats);
  const Tensor from = dim && x.dim() > 0 ? x : x.flatten();
  const int d = dim ? wrap_dim(*dim, from.dim()) : 0;
  return repeats == 1 ? from.clone() : repeated(from, d, repeats, true);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim, Site site) {
  const OpScope op("repeat_interleave", site);
  const Tensor from = dim && x.dim() > 0 ? x : x.flatten();
  const int d = dim ? wrap_dim(*dim, from.dim()) : 0;
  check(repeats.dim() <= 1 && (repeats.numel() == 1 || repeats.numel() == from.size(d)),
        "repeats must hold one number, or one for each of ", from.size(d), " slices; got shape ", repeats.shape());
  const Tensor counts = contiguous(repeats.to(kInt64).to(kCPU).flatten().expand({from.size(d)}));
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < counts.numel(); ++i) {
    const std::int64_t count = counts.data<std::int64_t>()[i];
    check(count >= 0, "numbers of repeats must not be negative, got ", count);
    total = checked_sum(total, count);
  }
  Tensor places = empty({total}, {.dtype = kInt64});
  std::int64_t* to = places.data<std::int64_t>();
  for (std::int64_t i = 0; i < counts.numel(); ++i) to = std::fill_n(to, counts.data<std::int64_t>()[i], i);
  return index_select(from, d, places.to(x.device()));
}

Tensor expand_as(const Tensor& x, const Tensor& other, Site site) { return expand(x, other.shape(), site); }

Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination, Site site) {
  const OpScope op("movedim", site);
  check(source.size() == destination.size(), "one destination a source is needed, got ", source, " and ", destination);
  const Dims from = wrapped(source, x.dim()), to = wrapped(destination, x.dim());
  Dims order = Dims::filled(x.dim(), -1);
  for (int i = 0; i < from.size(); ++i) order[static_cast<int>(to[i])] = from[i];
  int next = 0;
  for (std::int64_t& place : order) {
    if (place >= 0) continue;
    while (std::ranges::find(from, next) != from.end()) ++next;
    place = next++;
  }
  return x.permute(order);
}

Tensor swapaxes(const Tensor& x, std::int64_t axis0, std::int64_t axis1, Site site) {
  return transpose(x, axis0, axis1, site);
}

Tensor unfold(const Tensor& x, std::int64_t dim, std::int64_t size, std::int64_t step, Site site) {
  const OpScope op("unfold", site);
  const int d = wrap_dim(dim, x.dim());
  const std::int64_t length = x.dim() == 0 ? 1 : x.size(d);
  check(size >= 0 && size <= length, "slices must have 0 to ", length, " elements, the size of dimension ", d, "; got ",
        size);
  check(step > 0, "the step must be positive, got ", step);
  Shape shape = x.shape();
  Strides strides = x.strides();
  const std::int64_t apart = x.dim() == 0 ? 1 : strides[d];
  if (x.dim() > 0) {
    shape[d] = (length - size) / step + 1;
    strides[d] = shape[d] > 1 ? checked_product(apart, step) : apart;
  }
  shape.push_back(size);
  strides.push_back(apart);
  return as_strided(x, shape, strides, x.storage_offset());
}

}  // namespace ebb
